/** Run inside the throwaway host: the host's registry for one person, by name and password. Its argument is the PORT. */
import { createServer, get } from 'node:http';

const [port = ''] = process.argv.slice(2);
const PERSON = `Basic ${Buffer.from('me:secret').toString('base64')}`;

createServer((request, response) => {
  if (request.headers.authorization !== PERSON) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="images"' }).end();
    return;
  }
  const { url: path = '/', headers } = request;
  get({ host: '127.0.0.1', port: 5000, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
}).listen(Number(port), '127.0.0.1');
