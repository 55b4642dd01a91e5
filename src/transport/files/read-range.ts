import type { FileHandle } from 'node:fs/promises';
import { archiveInvalid } from './image-files.ts';

// Few calls for a large layer, and no memory to speak of.
const CHUNK = 1 << 20;

/** So many bytes of a file from `start` on, each piece in memory of its own. Throws `archive-invalid` where the file ends before. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  size: number,
  place: string,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start + at);
    if (bytesRead === 0) throw archiveInvalid(place, 'it became shorter while it was read');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
