import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { tryFlock } from '../linux/flock.ts';
import { detachBelow } from '../linux/mount.ts';

export interface ScratchPlace {
  /** An existing directory. */
  parent: string;
  /** How the names of all that is made there begin, and nothing else's. */
  prefix: string;
  /** Names that are in use, although the process that made them is gone. */
  busy?: readonly string[];
}

/**
 * Does work with a directory that is thrown away after it. What processes left that were killed in such work is
 * thrown away, too.
 */
export async function withScratchDirectory<Result>(
  place: ScratchPlace,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const { parent, prefix, busy = [] } = place;
  for (const name of readdirSync(parent)) {
    if (name.startsWith(prefix) && !busy.includes(name)) removeAbandoned(join(parent, name));
  }
  const { directory, lock } = makeDirectory(join(parent, prefix));
  try {
    return await work(directory);
  } finally {
    remove(directory);
    closeSync(lock);
  }
}

/** A directory whose lock ends with this process, however that dies. */
function makeDirectory(prefix: string): { directory: string; lock: number } {
  for (;;) {
    const directory = mkdtempSync(prefix);
    const lock = tryLock(directory);
    if (lock === undefined) continue;
    // Before it was locked, another process may have taken it for abandoned.
    if (existsSync(directory)) return { directory, lock };
    closeSync(lock);
  }
}

function removeAbandoned(directory: string): void {
  const lock = tryLock(directory);
  if (lock === undefined) return;
  remove(directory);
  closeSync(lock);
}

function remove(directory: string): void {
  detachBelow(directory);
  rmSync(directory, { recursive: true, force: true });
}

/** Undefined for what is gone, somebody's who works in it, or another user's: anybody may put things there. */
function tryLock(directory: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
  const isOurs = fstatSync(descriptor).uid === process.getuid?.();
  if (isOurs && tryFlock(descriptor, 'exclusive')) return descriptor;
  closeSync(descriptor);
  return undefined;
}
