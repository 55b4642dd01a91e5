import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import { VerifiedBlob } from '../../../src/image/verified-blob.ts';

/** Pieces whose memory is gone when the next is asked for. */
async function* fleeting(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) {
    const piece = Uint8Array.of(byte);
    yield piece;
    piece.buffer.transfer(0);
  }
}

test('a blob that is drained while somebody still reads it keeps all its bytes', async () => {
  const bytes = Buffer.from('content');
  const blob = new VerifiedBlob(fleeting(bytes), digestOf(bytes), bytes.length);
  const reader = blob.chunks();
  await reader.next();
  await Promise.all([reader.next(), blob.drain()]);
  assert.equal(blob.bytes, bytes.length);
});
