import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { relative } from 'node:path';
import { isErrno } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import { O_PATH, openInRoot } from '../linux/open-in-root.ts';
import { isCovered } from './mount-points.ts';
import type { Mount } from './oci-config.ts';

/** What keeps a program from being run. */
export type Lack = 'program-not-found' | 'program-not-executable';

/** Looks at an absolute path in a container: undefined for what can be run, and where only the runtime can tell. */
export type Look = (path: string) => Lack | undefined;

/**
 * Whether the root of a process is that of its mount namespace, where each other begins that joins it: some have
 * given themselves one of their own (chroot(2)). False for one that has ended.
 */
export function hasCommonRoot(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/root`) === '/';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}

/** Looks at what a running container sees, by a process of it that has the common root. */
export function lookInContainer(pid: number): Look {
  return (path) => {
    try {
      return lackOf(statInRoot(`/proc/${pid}/root`, path));
    } catch (error) {
      // The process itself may be gone, too.
      const isMissing = isErrno(error, 'ENOENT', 'ENOTDIR') && error.path === path;
      return isMissing ? 'program-not-found' : undefined;
    }
  };
}

/** Looks at what a container will see that is not there yet, but for what will be mounted. */
export function lookInRootfs(rootfs: string, mounts: readonly Mount[]): Look {
  const mounted = mounts.map(({ destination }) => followPath(rootfs, destination).inside);
  return (path) => {
    try {
      return lackBelow(rootfs, path, mounted);
    } catch (error) {
      if (isErrno(error, 'ENAMETOOLONG')) return undefined;
      throw error;
    }
  };
}

function lackBelow(rootfs: string, path: string, mounted: readonly string[]): Lack | undefined {
  const links: string[] = [];
  const found = followPath(rootfs, path, (link) => links.push(`/${relative(rootfs, link)}`));
  if (found.type === 'loop' || [found.inside, ...links].some((place) => isCovered(place, mounted))) {
    return undefined;
  }
  const isThere = found.type !== 'missing' && found.type !== 'blocked';
  return isThere ? lackOf(lstatSync(found.path)) : 'program-not-found';
}

function statInRoot(root: string, path: string): Stats {
  const directory = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    const file = openInRoot(directory, path, O_PATH);
    try {
      return fstatSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(directory);
  }
}

function lackOf(found: Stats): Lack | undefined {
  return found.isFile() && (found.mode & 0o111) !== 0 ? undefined : 'program-not-executable';
}
