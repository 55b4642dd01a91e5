import { readdirSync } from 'node:fs';
import { isErrno } from '../errors.ts';

/** The names in a directory, sorted; none where there is nothing, or something else than a directory. */
export function listDirectory(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
