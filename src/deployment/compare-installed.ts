import { lstatSync, readlinkSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { hashFile } from './hash-file.ts';
import type { InstalledFile } from './record.ts';

/** How a file on the host stands to what was put there. `path` is the path to open. */
export function compareInstalled(path: string, file: InstalledFile): 'unchanged' | 'changed' | 'absent' {
  try {
    const stat = lstatSync(path);
    if (file.type === 'symlink') {
      return stat.isSymbolicLink() && readlinkSync(path) === file.content ? 'unchanged' : 'changed';
    }
    return stat.isFile() && hashFile(path) === file.content ? 'unchanged' : 'changed';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}
