import { closeSync, constants, openSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { callLibc, cString } from './libc.ts';
import { readMountTable } from './mount-table.ts';
import { O_PATH } from './open-in-root.ts';

// sys/mount.h
const MS_RDONLY = 0x1;
const MS_NOSUID = 0x2;
const MS_NODEV = 0x4;
const MS_REMOUNT = 0x20;
const MS_BIND = 0x1000;
const MS_PRIVATE = 0x40000;
const MNT_DETACH = 0x2;
const UMOUNT_NOFOLLOW = 0x8;

/** A directory that a mount is made of, or on: the descriptor stays the same, whatever its names become. */
export class OpenDirectory {
  readonly #descriptor: number;
  /** Where it was when it was opened, without symlinks. */
  readonly name: string;

  /** Follows symlinks. Throws errors of the operating system, ENOTDIR for one. */
  constructor(path: string) {
    this.#descriptor = openSync(path, O_PATH | constants.O_DIRECTORY);
    this.name = readlinkSync(this.path);
  }

  /** The directory itself, whatever its name leads to by now. */
  get path(): string {
    return `/proc/self/fd/${this.#descriptor}`;
  }

  get isEmpty(): boolean {
    return readdirSync(this.path).length === 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Shows a directory in another place: read-only, without devices, and setuid means nothing. `hidden` is an empty
 * directory that nobody else can reach.
 */
export function mountReadOnly(directory: string, target: string, hidden: string): void {
  // A bind mount is writable until it is mounted once more; a copy of it is as it is by then.
  mount(directory, hidden, MS_BIND);
  try {
    // Else what is mounted in the copy would be mounted in the directory, too.
    mount(undefined, hidden, MS_PRIVATE);
    mount(undefined, hidden, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV);
    mount(hidden, target, MS_BIND);
  } finally {
    detach(hidden);
  }
}

/** What an overlay file system is made of (Documentation/filesystems/overlayfs.rst). */
export interface Overlay {
  /** What the table of mounts calls it. */
  source: string;
  lower: string;
  upper: string;
  work: string;
}

/** Shows a directory in another place, where writing changes only what is in `upper`. */
export function mountOverlay({ source, lower, upper, work }: Overlay, target: string): void {
  const options = Object.entries({ lowerdir: lower, upperdir: upper, workdir: work })
    .map(([name, path]) => `${name}=${path.replace(/[\\,:]/g, '\\$&')}`)
    .join();
  mount(source, target, MS_NOSUID | MS_NODEV, 'overlay', options);
}

/** Mounts an empty file system in memory. */
export function mountMemory(target: string): void {
  mount('tmpfs', target, MS_NOSUID | MS_NODEV, 'tmpfs', 'mode=700');
}

/** Unmounts what is mounted on a directory. Throws EBUSY while somebody uses it. */
export function unmount(path: string): void {
  callLibc('int umount2(const void *, int)', [cString(path), UMOUNT_NOFOLLOW], path);
}

/** Takes all mounts below a directory out of sight, so that nothing is removed through one of them. */
export function detachBelow(directory: string): void {
  // The table has no symlinks in it. The directory itself may be gone.
  const below = `${join(realpathSync(dirname(directory)), basename(directory))}/`;
  const mounts = readMountTable().filter(({ mountPoint }) => mountPoint.startsWith(below));
  for (const { mountPoint } of mounts.toReversed()) detach(mountPoint);
}

/** Takes a mount out of sight; it ends when nobody uses it any longer. */
export function detach(path: string): void {
  callLibc('int umount2(const void *, int)', [cString(path), UMOUNT_NOFOLLOW | MNT_DETACH], path);
}

function mount(
  source: string | undefined,
  target: string,
  flags: number,
  type?: string,
  data?: string,
): void {
  const text = (value: string | undefined) => (value === undefined ? null : cString(value));
  const prototype = 'int mount(const void *, const void *, const void *, uint64_t, const void *)';
  callLibc(prototype, [text(source), cString(target), text(type), flags, text(data)], target);
}
