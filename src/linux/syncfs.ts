import { closeSync, openSync } from 'node:fs';
import { callLibc } from './libc.ts';

/**
 * Writes everything of the file system that holds `path` to disk, and fails if any of it could not
 * be written since the last time (Linux 5.8).
 */
export function syncFileSystem(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    callLibc('int syncfs(int)', [descriptor], path);
  } finally {
    closeSync(descriptor);
  }
}
