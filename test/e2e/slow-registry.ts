/**
 * Run inside the throwaway host: the host's registry, behind a line on which no layer ever comes to its end. Its
 * argument is the PORT. What is larger than 64 KiB stops there.
 */
import { createServer, get } from 'node:http';

const [port = ''] = process.argv.slice(2);
const ENOUGH = 64 << 10;

createServer((request, response) => {
  const path = request.url ?? '/';
  get({ host: '127.0.0.1', port: 5000, path, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (Number(answer.headers['content-length']) <= ENOUGH) answer.pipe(response);
    else answer.once('readable', () => response.write(answer.read(ENOUGH) ?? answer.read()));
  });
}).listen(Number(port), '127.0.0.1');
