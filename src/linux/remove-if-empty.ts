import { rmdirSync } from 'node:fs';
import { isErrno } from '../errors.ts';

/** Removes a directory unless something is in it; no error when it is gone. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY')) throw error;
  }
}
