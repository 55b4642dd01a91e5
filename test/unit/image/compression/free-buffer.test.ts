import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeBuffer } from '../../../../src/image/compression/free-buffer.ts';

test('a buffer goes with the bytes that fill it', () => {
  const whole = new Uint8Array(100_000);
  freeBuffer(whole);
  assert.equal(whole.buffer.detached, true);
});

test('memory that others may have a part of is left alone', () => {
  const pool = new Uint8Array(Buffer.poolSize);
  freeBuffer(pool.subarray(0, 100));
  freeBuffer(pool.subarray(Buffer.poolSize - 100));
  assert.equal(pool.buffer.detached, false);
});
