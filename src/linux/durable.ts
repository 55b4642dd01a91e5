import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the names in a directory durable (fsync of the directory). */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Replaces a file in one piece: after a crash at any moment it has the old content or the new, and
 * once this returns, the new content is on disk.
 */
export function writeDurably(path: string, data: string | Uint8Array, mode: number): void {
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { force: true });
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(descriptor, data);
      // open(2) takes the umask off; the mode asked for is the mode meant.
      fchmodSync(descriptor, mode);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}
