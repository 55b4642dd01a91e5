import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { listenersOf } from '../../../../src/deployment/sockets/listener.ts';
import { parseSocketAddress } from '../../../../src/deployment/sockets/socket-address.ts';
import { templateDirectory } from '../../../../src/runtime/package-template.ts';

const SCRIPT = join(templateDirectory(), 'await-listener');

function wordsOf(address: string): string[] {
  return listenersOf(parseSocketAddress(address, ''));
}

test('addresses are written as the kernel lists them', () => {
  assert.deepEqual(wordsOf('192.0.2.1:80'), [
    'tcp:010200C0:0050',
    'tcp:00000000:0050',
    'tcp6:0000000000000000FFFF0000010200C0:0050',
    'tcp6:00000000000000000000000000000000:0050',
  ]);
  assert.deepEqual(wordsOf('[2001:db8::1:2]:8080'), [
    'tcp6:B80D0120000000000000000002000100:1F90',
    'tcp6:00000000000000000000000000000000:1F90',
  ]);
  assert.equal(wordsOf('[1:2:3:4:5:6:7:8]:1')[0], 'tcp6:02000100040003000600050008000700:0001');
  assert.equal(wordsOf('[::ffff:192.0.2.1]:80')[0], 'tcp6:0000000000000000FFFF0000010200C0:0050');
  assert.deepEqual(wordsOf('/run/web/x.sock'), ['path:x.sock']);
  assert.deepEqual(wordsOf('@web'), ['abstract:web']);
});

/** A directory with a systemctl that says that this process is the unit's main one. */
function makePrograms(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'berth-await-'));
  writeFileSync(join(path, 'systemctl'), `#!/bin/sh\necho ${process.pid}\n`);
  chmodSync(join(path, 'systemctl'), 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const SERVERS: [string, (directory: string) => ListenOptions, (port: number, directory: string) => string][] =
  [
    ['127.0.0.1', () => ({ host: '127.0.0.1', port: 0 }), (port) => `127.0.0.1:${port}`],
    ['all addresses of IPv4', () => ({ host: '0.0.0.0', port: 0 }), (port) => `127.0.0.1:${port}`],
    [
      'a path',
      (directory) => ({ path: join(directory, 'web.sock') }),
      (_, directory) => join(directory, 'web.sock'),
    ],
    ['an abstract name', () => ({ path: '\0berth-await-test' }), () => '@berth-await-test'],
  ];

for (const [what, options, target] of SERVERS) {
  test(`the wait for a server at ${what} ends when it listens, and not before`, {
    timeout: 60_000,
  }, async () => {
    using programs = makePrograms();
    const server = createServer();
    const listen = options(programs.path);
    server.listen(listen);
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    server.close();
    await once(server, 'close');

    const words = wordsOf(target(port, programs.path));
    const waiting = spawn('/bin/sh', [SCRIPT, 'web.service', ...words], {
      env: { PATH: `${programs.path}:/usr/bin:/bin` },
      stdio: 'inherit',
    });
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(waiting.exitCode, null);
    server.listen(port === 0 ? listen : { ...listen, port });
    const [status] = await once(waiting, 'exit');
    assert.equal(status, 0);
    // It looked, and did not knock.
    assert.equal(connections, 0);
    server.close();
  });
}

test('the wait ends when systemd cannot be asked', async () => {
  using programs = makePrograms();
  writeFileSync(join(programs.path, 'systemctl'), '#!/bin/sh\nexit 1\n');
  const run = promisify(execFile)('/bin/sh', [SCRIPT, 'web.service', ...wordsOf('127.0.0.1:1')], {
    env: { PATH: `${programs.path}:/usr/bin:/bin` },
  });
  await assert.rejects(run, { code: 1 });
});
