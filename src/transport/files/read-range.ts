import type { FileHandle } from 'node:fs/promises';
import { fileSystemError } from '../../linux/file-system.ts';
import { archiveInvalid } from './image-files.ts';

// Few calls for a large layer, and no memory to speak of.
const CHUNK = 1 << 20;

/** So many bytes of a file from `start` on, each piece in memory of its own. Throws `archive-invalid` where the file ends before, `io`. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  size: number,
  place: string,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - at));
    const bytesRead = await readAt(handle, buffer, start + at, place);
    if (bytesRead === 0) throw archiveInvalid(place, 'it became shorter while it was read');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

// Of a stick or a disk that is broken, the error has no path.
async function readAt(handle: FileHandle, buffer: Buffer, position: number, place: string): Promise<number> {
  try {
    return (await handle.read(buffer, 0, buffer.length, position)).bytesRead;
  } catch (error) {
    throw fileSystemError(error, 'cannot read', place);
  }
}
