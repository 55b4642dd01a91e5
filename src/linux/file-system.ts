import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';

/**
 * An error of the operating system as a person can act on it: `no-space` for a full file system or
 * quota, with the file system, what is free and what was needed; `io` for the rest. What already is a
 * BerthError stays as it is; what is neither is a fault of the program, and is thrown on as it came.
 * `what` reads "cannot unpack the layer"; `need` is bytes, where known.
 */
export function fileSystemError(error: unknown, what: string, path: string, need?: number): BerthError {
  if (error instanceof BerthError) return error;
  if (!(error instanceof Error && 'errno' in error)) throw error;
  if (!isErrno(error, 'ENOSPC', 'EDQUOT')) {
    // It shows names as they are, and a line break in one would begin a line of the image's own.
    // Of some errors rmSync knows no name, and says so.
    const text = messageOf(error)
      .replaceAll('\n', '\\n')
      .replace(/^, Unknown error: /, '');
    // "ENOENT: no such file or directory, open '/x'", where all but the words in the middle is said already.
    const cause = isOf(error, path) ? text.replace(/^[A-Z0-9]+: (.*), [a-z]+ '.*'$/, '$1') : text;
    return new BerthError('io', `${what}: ${path}: ${cause}`, { cause: error });
  }
  const cause = isErrno(error, 'EDQUOT') ? 'quota exceeded' : 'no space left';
  const needed = need === undefined ? '' : `, needs at least ${mebibytes(need)}`;
  return new BerthError('no-space', `${what}: ${path}: ${cause} ${describe(path)}${needed}`, {
    cause: error,
    hint: `df -h ${mountPoint(path)}; df -i ${mountPoint(path)}`,
  });
}

function isOf(error: Error, path: string): boolean {
  return 'path' in error && error.path === path && !('dest' in error);
}

function describe(path: string): string {
  const existing = nearest(path);
  const { bavail, bsize, ffree, files } = statfsSync(existing);
  const inodes = files === 0 ? '' : `, ${ffree} inodes`;
  return `on ${mountPoint(existing)} (${mebibytes(bavail * bsize)}${inodes} free)`;
}

/** The directory that the file system holding `path` is mounted on; `path` need not exist. */
export function mountPoint(path: string): string {
  let here = nearest(path);
  const device = statSync(here).dev;
  for (let up = dirname(here); up !== here && statSync(up).dev === device; up = dirname(up)) here = up;
  return here;
}

function nearest(path: string): string {
  let here = path;
  while (statSync(here, { throwIfNoEntry: false }) === undefined && here !== dirname(here)) {
    here = dirname(here);
  }
  return here;
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
