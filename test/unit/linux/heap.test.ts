import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferSweep } from '../../../src/linux/heap.ts';

const PIECE = 1 << 16;

test('buffers that were let go do not pile up', () => {
  const sweep = new BufferSweep();
  let most = 0;
  for (let bytes = 0; bytes < 1 << 27; bytes += PIECE) {
    Buffer.allocUnsafeSlow(PIECE);
    sweep.add(PIECE);
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  assert.ok(most < 16 << 20, `${most} bytes`);
});
