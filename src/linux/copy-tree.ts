import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { BerthError, isErrno } from '../errors.ts';
import { O_PATH } from './open-in-root.ts';

export interface CopyOptions {
  /** Whom the copies belong to; else who copies. */
  owner: { uid: number; gid: number } | undefined;
  signal: AbortSignal;
  /** Hears of what is left out. */
  warn(text: string): void;
}

/** Both ends are descriptors of directories: no name that anybody changes meanwhile leads elsewhere. */
interface Entry {
  from: number;
  name: Buffer;
  to: number;
  /** The name that it gets. */
  as: Buffer;
  depth: number;
}

const DEEPEST = 128;
const CHUNK = 1024 * 1024;
// proc, sysfs, cgroup, cgroup2, devpts, mqueue: their files are no files that could be kept (linux/magic.h).
const KERNEL = [0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x19800202];

/**
 * Copies an open file or directory, with all that is in it, into an open directory under a name. A file takes the
 * place of another at once; directories are merged. Symlinks stay what they are, devices, pipes, sockets and what
 * the kernel makes up are left out, and nothing becomes setuid. Throws errors of the operating system,
 * `limit-exceeded` and `interrupted`.
 */
export function copyTree(source: number, to: number, as: string, options: CopyOptions): void {
  copyOpened(source, { from: source, name: Buffer.from(as), to, as: Buffer.from(as), depth: 0 }, options);
}

function copyOpened(source: number, entry: Entry, options: CopyOptions): void {
  if (options.signal.aborted) throw new BerthError('interrupted', 'interrupted: copying');
  const stats = fstatSync(source, { bigint: true });
  if (stats.isDirectory()) copyDirectory(source, stats, entry, options);
  else if (stats.isFile()) copyFile(source, stats, entry, options);
  else options.warn(`left out, for it is no file: ${entry.name.toString()}`);
}

function copyDirectory(source: number, { mode }: BigIntStats, entry: Entry, options: CopyOptions): void {
  const { to, as, depth } = entry;
  if (depth > DEEPEST)
    throw new BerthError('limit-exceeded', `too deep: ${as}: more than ${DEEPEST} directories`);
  if (KERNEL.includes(statfsSync(path(source)).type)) {
    options.warn(`left out, for the kernel makes it up: ${as}`);
    return;
  }
  try {
    mkdirSync(path(to, as), 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  opened(path(to, as), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW, (made) => {
    for (const name of readdirSync(path(source), { encoding: 'buffer' })) {
      copyEntry({ from: source, name, to: made, as: name, depth: depth + 1 }, options);
    }
    if (options.owner !== undefined) chownSync(path(made), options.owner.uid, options.owner.gid);
    chmodSync(path(made), Number(mode) & 0o1777);
  });
}

function copyEntry(entry: Entry, options: CopyOptions): void {
  const { from, name, to, as } = entry;
  if (lstatSync(path(from, name)).isSymbolicLink()) {
    const target = readlinkSync(path(from, name), { encoding: 'buffer' });
    replacing(to, as, (place) => symlinkSync(target, place));
    return;
  }
  opened(path(from, name), O_PATH | constants.O_NOFOLLOW, (source) => copyOpened(source, entry, options));
}

function copyFile(
  source: number,
  { mode, mtimeMs }: BigIntStats,
  { to, as }: Entry,
  options: CopyOptions,
): void {
  const { owner, signal } = options;
  const exclusive = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  opened(path(source), constants.O_RDONLY | constants.O_NONBLOCK, (input) =>
    replacing(to, as, (place) =>
      opened(place, exclusive, (output) => {
        const chunk = Buffer.alloc(CHUNK);
        for (let read = readSync(input, chunk); read > 0; read = readSync(input, chunk)) {
          if (signal.aborted) throw new BerthError('interrupted', 'interrupted: copying');
          for (let at = 0; at < read; ) at += writeSync(output, chunk, at, read - at);
        }
        if (owner !== undefined) fchownSync(output, owner.uid, owner.gid);
        fchmodSync(output, Number(mode) & 0o777);
        const seconds = Number(mtimeMs) / 1000;
        futimesSync(output, seconds, seconds);
      }),
    ),
  );
}

/** Has something be made under another name first: who looks sees what was there or what is new. */
function replacing(to: number, as: Buffer, make: (place: Buffer) => void): void {
  const place = path(to, Buffer.from(`.berth-${randomBytes(8).toString('hex')}`));
  try {
    make(place);
    renameSync(place, path(to, as));
  } catch (error) {
    rmSync(place, { force: true });
    throw error;
  }
}

/** What is open, or a name in it: the last part of such a path is not followed by calls that do not follow. */
function path(descriptor: number, name?: Buffer): Buffer {
  const open = Buffer.from(`/proc/self/fd/${descriptor}`);
  return name === undefined ? open : Buffer.concat([open, Buffer.from('/'), name]);
}

function opened(file: Buffer, flags: number, work: (descriptor: number) => void): void {
  const descriptor = openSync(file, flags, 0o600);
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
