import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { openRegularFile } from '../regular-file.ts';

/** SHA-256 of a regular file's content in hex, read in pieces; a symlink is refused with ELOOP. */
export function hashFile(path: string): string {
  const hash = createHash('sha256');
  const descriptor = openRegularFile(path, constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
