import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ipAddress, listeningSockets } from '../../../src/linux/listening-sockets.ts';

test('the sockets that a process listens on are found, and no others', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-'));
  const path = join(directory, 'a b.sock');
  const [tcp, unix] = [createServer(), createServer()];
  context.after(() => {
    tcp.close();
    unix.close();
    rmSync(directory, { recursive: true });
  });
  await once(tcp.listen(0, '127.0.0.1'), 'listening');
  await once(unix.listen(path), 'listening');
  const { port } = tcp.address() as AddressInfo;
  const found = [...listeningSockets(process.pid).values()];
  assert.ok(
    found.some((each) => each.protocol === 'tcp' && each.address === '127.0.0.1' && each.port === port),
  );
  assert.ok(found.some((each) => each.protocol === 'unix' && each.address === path));
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  context.after(() => other.kill());
  assert.equal(listeningSockets(other.pid ?? 0).size, 0);
});

test('a process that has ended listens on nothing', () => {
  assert.equal(listeningSockets(2 ** 22 + 1).size, 0);
});

test('addresses are written as people write them', { skip: endianness() !== 'LE' }, () => {
  assert.equal(ipAddress('0100007F'), '127.0.0.1');
  assert.equal(ipAddress('00000000000000000000000000000000'), '[::]');
  assert.equal(ipAddress('B80D0120000000000000000001000000'), '[2001:db8::1]');
});
