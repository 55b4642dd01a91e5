import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { listDirectory } from './list-directory.ts';

/** What counts all that is there. */
const ALL = () => true;

/**
 * Bytes that a file, or a directory with all in it, takes on its disk; 0 for what is not there, or goes meanwhile. A file
 * of several names counts for each of them: `counts` may leave it out.
 */
export function diskBytes(path: string, counts: (stat: Stats) => boolean = ALL): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const own = counts(stat) ? stat.blocks * 512 : 0;
  const inside = stat.isDirectory() ? listDirectory(path) : [];
  return inside.reduce((sum, name) => sum + diskBytes(join(path, name), counts), own);
}

/** The same of the directories of a tree alone, without a look at its files. */
export function directoryBytes(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return 0;
  return entriesOf(path)
    .filter((entry) => entry.isDirectory())
    .reduce((sum, { name }) => sum + directoryBytes(join(path, name)), stat.blocks * 512);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
