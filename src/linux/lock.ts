import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isErrno } from '../errors.ts';
import { openRegularFile } from '../regular-file.ts';
import { tryFlock } from './flock.ts';

/** Who holds a lock, as its file says. */
export interface LockHolder {
  pid: number;
  command: string;
}

export interface LockOptions {
  /** What other processes are told is running, such as `berth install etcd`. */
  command: string;
  /** Called once, when the lock cannot be had at once; undefined when the file does not say who has it. */
  onWait?: (holder: LockHolder | undefined) => void;
  signal?: AbortSignal;
}

type LockKind = 'shared' | 'exclusive';

const POLL = 50;

/**
 * A lock on a file, of one writer or of several readers. It is the kernel's (flock(2)), so it ends with
 * its holder, however that dies; what the file says is only for people. The file itself is never removed.
 */
export class HeldLock {
  #descriptor: number | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Frees the lock; a second call does nothing. */
  release(): void {
    if (this.#descriptor === undefined) return;
    writeForPeople(this.#descriptor, '');
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Waits for the lock without a time limit: a time-out would make a long pull of one command an error
 * of another. It asks again and again instead of blocking, so that signals are still served.
 * Throws `interrupted` when `signal` fires.
 */
export async function acquireWriterLock(path: string, options: LockOptions): Promise<HeldLock> {
  // Whatever the umask: who can write there can put another file in the place of the lock, or of the store.
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  return new HeldLock(await waitFor(path, 'exclusive', options));
}

/**
 * Keeps writers out while others may read beside; waits for a writer as `acquireWriterLock` does.
 * Undefined where nobody has ever written or nobody can: nothing is to be locked there, and reading
 * makes no file.
 */
export async function acquireReaderLock(path: string, options: LockOptions): Promise<HeldLock | undefined> {
  try {
    return new HeldLock(await waitFor(path, 'shared', options));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EROFS')) return undefined;
    throw error;
  }
}

/** The same without waiting: `busy` while somebody writes. */
export function tryReaderLock(path: string): HeldLock | undefined | 'busy' {
  try {
    const descriptor = tryLock(path, 'shared');
    return descriptor === undefined ? 'busy' : new HeldLock(descriptor);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EROFS')) return undefined;
    throw error;
  }
}

async function waitFor(path: string, kind: LockKind, options: LockOptions): Promise<number> {
  const { command, onWait, signal } = options;
  for (let attempt = 0, told = false; ; attempt += 1) {
    const descriptor = tryLock(path, kind);
    if (descriptor !== undefined) {
      writeHolder(descriptor, { pid: process.pid, command });
      return descriptor;
    }
    const holder = readHolder(path);
    // A holder that has just got the lock may not have written its name yet.
    if (!told && (holder !== undefined || attempt > 2)) {
      told = true;
      onWait?.(holder);
    }
    await sleep(POLL, undefined, signal === undefined ? {} : { signal }).catch((cause) => {
      throw new BerthError('interrupted', `interrupted: waiting for the lock: ${path}`, { cause });
    });
  }
}

/** Who holds the lock now, for messages; undefined when nobody does or the file does not say. */
export function readHolder(path: string): LockHolder | undefined {
  let text: string;
  try {
    const descriptor = openRegularFile(path);
    try {
      const buffer = Buffer.alloc(4096);
      text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const match = /^(\d+)\n(.*)\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), command: match[2] ?? '' };
}

// Node opens everything with O_CLOEXEC, so no child can keep the lock alive.
function tryLock(path: string, kind: LockKind): number | undefined {
  const create = kind === 'exclusive' ? constants.O_CREAT : 0;
  const descriptor = openSync(path, constants.O_RDWR | create | constants.O_NOFOLLOW, 0o600);
  let locked = false;
  try {
    locked = tryFlock(descriptor, kind) && isStillNamed(descriptor, path);
  } finally {
    if (!locked) closeSync(descriptor);
  }
  return locked ? descriptor : undefined;
}

// Somebody may have removed the file between open and lock; a lock without a name guards nothing.
function isStillNamed(descriptor: number, path: string): boolean {
  const named = statSync(path, { throwIfNoEntry: false });
  const held = fstatSync(descriptor);
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}

function writeHolder(descriptor: number, { pid, command }: LockHolder): void {
  // One short line: the rest of a long command line is of no use to the one who waits.
  const line = command.replace(/[^\x20-\x7e]/g, '?').slice(0, 1000);
  writeForPeople(descriptor, `${pid}\n${line}\n`);
}

function writeForPeople(descriptor: number, text: string): void {
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, text, 0);
  } catch (error) {
    // The lock itself needs no space: what frees a full disk must be able to get it.
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS')) throw error;
  }
}
