import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
 * once this returns, the new content is on disk. `owner` is whose the file becomes, if not this process's.
 */
export function writeDurably(
  path: string,
  data: string | Uint8Array,
  mode: number,
  owner?: { uid: number; gid: number },
): void {
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { force: true });
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(descriptor, data);
      if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
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
