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
import { createStore, type Store } from '../store/store.ts';

// Images are large, and /tmp is memory on many hosts.
const SCRATCH = '/var/tmp';
const PREFIX = 'berth-scratch-';

/**
 * Does work with a store that is thrown away after it: what a dry run pulls must not stay. What `lender` has
 * need not be pulled. What processes left that were killed in such work is thrown away, too.
 */
export async function withScratchStore<Result>(
  lender: Store,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  for (const name of readdirSync(SCRATCH)) if (name.startsWith(PREFIX)) removeAbandoned(join(SCRATCH, name));
  const { directory, lock } = makeDirectory();
  try {
    return await work(createStore(join(directory, 'store'), lender));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    closeSync(lock);
  }
}

/** A directory whose lock ends with this process, however that dies. */
function makeDirectory(): { directory: string; lock: number } {
  for (;;) {
    const directory = mkdtempSync(join(SCRATCH, PREFIX));
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
  rmSync(directory, { recursive: true, force: true });
  closeSync(lock);
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
