import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeBuffer } from '../../../../src/image/compression/free-buffer.ts';

test('a buffer goes with its last slice, and not before', () => {
  const whole = new Uint8Array(100_000);
  freeBuffer(whole.subarray(0, 50_000));
  assert.equal(whole.buffer.detached, false);
  freeBuffer(whole.subarray(50_000));
  assert.equal(whole.buffer.detached, true);
});

test('the pool that small buffers share is left alone', () => {
  const pool = new Uint8Array(Buffer.poolSize);
  freeBuffer(pool.subarray(Buffer.poolSize - 100));
  assert.equal(pool.buffer.detached, false);
});
