import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListenSpec } from '../../../../src/deployment/sockets/listen-spec.ts';
import { printSocketAddress } from '../../../../src/deployment/sockets/socket-address.ts';
import { parseSocketRequest } from '../../../../src/deployment/sockets/socket-request.ts';

const LISTEN: [text: string, name: string | null, type: 'stream' | 'datagram', address: string][] = [
  ['8080', null, 'stream', '8080'],
  ['127.0.0.1:8080', null, 'stream', '127.0.0.1:8080'],
  ['[::1]:80', null, 'stream', '[::1]:80'],
  ['[::]:80', null, 'stream', '[::]:80'],
  ['tcp:8080', null, 'stream', '8080'],
  ['tcp:[::1]:80', null, 'stream', '[::1]:80'],
  ['udp:514', null, 'datagram', '514'],
  ['udp:127.0.0.1:514', null, 'datagram', '127.0.0.1:514'],
  ['/run/x.sock', null, 'stream', '/run/x.sock'],
  ['/run/a=b:1.sock', null, 'stream', '/run/a=b:1.sock'],
  ['/run/100%.sock', null, 'stream', '/run/100%.sock'],
  ['unix:/run/x.sock', null, 'stream', '/run/x.sock'],
  ['@abstract', null, 'stream', '@abstract'],
  ['@a=b', null, 'stream', '@a=b'],
  ['http=8080', 'http', 'stream', '8080'],
  ['80=8080', '80', 'stream', '8080'],
  ['http=127.0.0.1:8080', 'http', 'stream', '127.0.0.1:8080'],
  ['http=[::1]:8080', 'http', 'stream', '[::1]:8080'],
  ['log.1=udp:514', 'log.1', 'datagram', '514'],
  ['admin=/run/x=y', 'admin', 'stream', '/run/x=y'],
  ['admin=unix:@x', 'admin', 'stream', '@x'],
];

for (const [text, name, type, address] of LISTEN) {
  test(`--socket ${text}`, () => {
    const spec = parseListenSpec(text);
    assert.deepEqual([spec.name, spec.type, printSocketAddress(spec.address)], [name, type, address]);
  });
}

const REFUSED = [
  ...['', 'web', 'localhost:80', '80:127.0.0.1', '0', '65536', '080800', '127.0.0.1', '127.0.0.1:', ':80'],
  ...['127.0.0:80', '::1:80', '[::1]', '[::1%eth0]:80', '[127.0.0.1]:80', '-1', ' 80', '80 ', '8080\n'],
  ...[
    'relative/x.sock',
    '/',
    '/run/',
    '/run//x',
    '/run/../x',
    '/run/.',
    '/run/a b',
    '/run/x\\',
    '/run/x\nExecStart=/x',
  ],
  ...['@', '@a b', `/${'x'.repeat(107)}`, '=80', 'a b=80', 'a:b=80', 'ä=80', 'http=', `${'n'.repeat(65)}=80`],
  ...['udp:/run/x.sock', 'unix:80', 'tcp:@x', 'sctp:80', 'udp:', 'tcp:tcp:80', 'constructor:80', 'a=b=80'],
];

for (const text of REFUSED) {
  test(`--socket ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseListenSpec(text), { code: 'usage' });
  });
}

test('without sockets nothing is asked for', () => {
  assert.equal(parseSocketRequest({ socket: [] }), null);
});

test('a proxy may be told where to connect to, and when to stop', () => {
  const request = parseSocketRequest({ socket: ['80', '/run/x'], proxyTo: '8080', idle: '1h 30min' });
  assert.equal(request?.listen.length, 2);
  assert.deepEqual(request?.proxy, { target: { kind: 'ip', host: null, port: 8080 }, idle: '1h 30min' });
  assert.deepEqual(parseSocketRequest({ socket: ['80'], proxy: true })?.proxy, { target: null, idle: null });
  for (const idle of ['30', '10min', '1.5h', '5 s', '1h30min', '100ms']) {
    assert.equal(parseSocketRequest({ socket: ['80'], proxy: true, idle })?.proxy?.idle, idle);
  }
});

const CONFLICTS: [string, Parameters<typeof parseSocketRequest>[0], RegExp][] = [
  ['a proxy without a socket', { socket: [], proxy: true }, /--proxy without --socket/],
  ['an idle time without a socket', { socket: [], idle: '5s' }, /--idle without --socket/],
  ['an idle time without a proxy', { socket: ['80'], idle: '5s' }, /--idle without --proxy/],
  ['a proxy for datagrams', { socket: ['80', 'udp:53'], proxy: true }, /datagrams: --socket udp:53/],
  ['one address twice', { socket: ['80', 'a=tcp:80'] }, /two sockets for one address.*80/],
  ['a target that is none', { socket: ['80'], proxyTo: 'example.com:80' }, /--proxy-to/],
  ...['', '0', '0s', 'soon', '5x', '-5s', '5s;', '%i', '5s\nUser=root'].map(
    (idle): [string, Parameters<typeof parseSocketRequest>[0], RegExp] => [
      `the idle time ${JSON.stringify(idle)}`,
      { socket: ['80'], proxy: true, idle },
      /not a time span/,
    ],
  ),
];

for (const [what, options, message] of CONFLICTS) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseSocketRequest(options), { code: 'usage', message });
  });
}

test('a stream and a datagram socket may have the same port', () => {
  assert.equal(parseSocketRequest({ socket: ['53', 'udp:53'] })?.listen.length, 2);
});
