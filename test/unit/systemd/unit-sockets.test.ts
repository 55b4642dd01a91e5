import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListen } from '../../../src/systemd/unit-sockets.ts';

test('what systemd says of a socket unit is read, and what is no socket left out', () => {
  assert.deepEqual(parseListen('[::]:80 (Stream)'), { protocol: 'tcp', address: '[::]', port: 80 });
  assert.deepEqual(parseListen('127.0.0.1:53 (Datagram)'), {
    protocol: 'udp',
    address: '127.0.0.1',
    port: 53,
  });
  assert.deepEqual(parseListen('/run/a (b).sock (Stream)'), {
    protocol: 'unix',
    address: '/run/a (b).sock',
    port: null,
  });
  for (const line of ['/run/pipe (FIFO)', 'route 1 (Netlink)', ''])
    assert.equal(parseListen(line), undefined);
});
