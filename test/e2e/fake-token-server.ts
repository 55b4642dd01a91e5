/**
 * Run inside the throwaway host: sells tokens of the distribution project's token specification to one
 * person. Arguments: PORT, a certificate with its key and the file to log to. What is logged is one JSON line
 * a request. The certificate is that of the server, and what the registry knows the tokens' issuer by.
 */
import { createPrivateKey, createSign, X509Certificate } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port = '', certificate = '', key = '', log = ''] = process.argv.slice(2);
const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
const issuer = new X509Certificate(tls.cert).raw.toString('base64');
const PERSON = `Basic ${Buffer.from('me:secret').toString('base64')}`;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function token(service: string, scope: string): string {
  const [type, name, actions = ''] = scope.split(':');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'test',
    sub: 'me',
    aud: service,
    iat: now - 10,
    nbf: now - 10,
    exp: now + 300,
    jti: String(now),
    access: [{ type, name, actions: actions.split(',') }],
  };
  const signed = `${encode({ typ: 'JWT', alg: 'RS256', x5c: [issuer] })}.${encode(claims)}`;
  const signature = createSign('sha256').update(signed).sign(createPrivateKey(tls.key), 'base64url');
  return `${signed}.${signature}`;
}

createServer(tls, ({ url = '', headers }, response) => {
  appendFileSync(log, `${JSON.stringify({ url, headers })}\n`);
  const asked = new URL(url, 'https://localhost').searchParams;
  response.setHeader('Content-Type', 'application/json');
  if (headers.authorization !== PERSON) {
    response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'DENIED', message: 'who are you' }] }));
  } else {
    const answer = { token: token(asked.get('service') ?? '', asked.get('scope') ?? ''), expires_in: 300 };
    response.end(JSON.stringify(answer));
  }
}).listen(Number(port), '127.0.0.1');
