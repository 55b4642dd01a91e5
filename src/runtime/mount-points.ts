import { chmod, lstat, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, posix, relative } from 'node:path';
import { isErrno } from '../errors.ts';
import { setMtime } from '../linux/mtime.ts';
import type { Paths } from '../paths.ts';
import { HOST_FILES } from './default-config.ts';
import { NOTIFY_SOCKET } from './notify.ts';
import { invalid, isBind, type OciConfig } from './oci-config.ts';
import { resolveInRootfs } from './rootfs-path.ts';

/** What must exist in a rootfs before the runtime starts. */
export interface MountPoint {
  /** As the container sees it. */
  path: string;
  type: 'directory' | 'file';
}

/**
 * The mount points and the working directory that config.json needs in the rootfs. The runtime would
 * make missing ones at the first start, in a checkout that is meant never to change. What lies below
 * another mount is not the checkout's. `isFile` tells which bind sources on the host are no directories.
 */
export async function listMountPoints(
  config: OciConfig,
  isFile: (source: string) => Promise<boolean>,
): Promise<MountPoint[]> {
  const points: MountPoint[] = [];
  const destinations = (config.mounts ?? []).map(({ destination }) => posix.resolve('/', destination));
  for (const [index, mount] of (config.mounts ?? []).entries()) {
    const path = destinations[index] ?? '/';
    if (isCovered(path, destinations.slice(0, index))) continue;
    const file = isBind(mount) && mount.source !== undefined && (await isFile(mount.source));
    points.push({ path, type: file ? 'file' : 'directory' });
  }
  const cwd = posix.resolve('/', config.process.cwd);
  if (cwd !== '/' && !isCovered(cwd, destinations)) points.push({ path: cwd, type: 'directory' });
  return points;
}

/** True for a bind source that is there now and is no directory, as the runtime will find it. */
export async function isFileOnHost(source: string, paths: Paths): Promise<boolean> {
  // Below another root there may be no systemd running, nor what makes the file a symlink leads to.
  if ([NOTIFY_SOCKET, ...HOST_FILES].includes(source)) return true;
  try {
    return !(await stat(paths.follow(source))).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/**
 * Makes the mount points that a rootfs lacks: empty, owned by root, found through the image's own
 * symlinks but never outside, all with the time of the image's directory that they are in, which keeps it.
 * Returns what it made, as the container names it, parents first. Throws
 * `runtime-config-invalid` where the image has a file in the place of a directory, or the reverse.
 */
export async function makeMountPoints(rootfs: string, points: readonly MountPoint[]): Promise<string[]> {
  const made: string[] = [];
  for (const point of points) {
    const missing = await findMissing(rootfs, point);
    if (missing === undefined) continue;
    const inside = missing.slice(1).split('/');
    const directories = point.type === 'file' ? inside.slice(0, -1) : inside;
    for (const [index] of directories.entries()) {
      const path = `/${directories.slice(0, index + 1).join('/')}`;
      if (await atTimeOfParent(rootfs + path, makeDirectory)) made.push(path);
    }
    if (point.type === 'directory') continue;
    await atTimeOfParent(rootfs + missing, makeFile);
    made.push(missing);
  }
  return made;
}

/** The mount points that a rootfs lacks, where the image's own symlinks lead. Throws as `makeMountPoints`. */
export async function missingMountPoints(
  rootfs: string,
  points: readonly MountPoint[],
): Promise<MountPoint[]> {
  const missing: MountPoint[] = [];
  for (const point of points) {
    const path = await findMissing(rootfs, point);
    if (path !== undefined) missing.push({ ...point, path });
  }
  return missing;
}

/** Where a mount point would have to be made; undefined for one that is there. */
async function findMissing(rootfs: string, point: MountPoint): Promise<string | undefined> {
  const found = resolveInRootfs(rootfs, point.path);
  // A symlink there would let the image choose what the runtime makes devices in or masks (CVE-2026-41579),
  // or work in a directory of the host that is still open (CVE-2024-21626).
  const target = `/${relative(rootfs, found.path)}`;
  if (target !== point.path && (isKernelTree(point.path) || isKernelTree(target))) {
    throw invalid('mounts', `the image has a symbolic link at ${point.path}, which leads to ${target}`);
  }
  if (found.type === 'missing') return target;
  if ((found.type === 'directory') !== (point.type === 'directory')) {
    throw invalid('mounts', `${point.path} of the image is no ${point.type}`);
  }
  return undefined;
}

function isKernelTree(path: string): boolean {
  return /^\/(?:proc|sys|dev)(?:\/|$)/.test(path);
}

/** Makes what is not there, so that it and the directory that it is in have the time that the directory had. */
async function atTimeOfParent(path: string, make: (path: string) => Promise<boolean>): Promise<boolean> {
  const parent = dirname(path);
  const { mtimeNs } = await lstat(parent, { bigint: true });
  const isNew = await make(path);
  if (isNew) for (const changed of [path, parent]) setMtime(changed, mtimeNs);
  return isNew;
}

async function makeFile(path: string): Promise<boolean> {
  await writeFile(path, '', { flag: 'wx' });
  await chmod(path, 0o644);
  return true;
}

async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
  await chmod(path, 0o755);
  return true;
}

/** True for a path that one of these mounts is, or hides. */
export function isCovered(path: string, mounts: readonly string[]): boolean {
  return mounts.some((mount) => mount === path || path.startsWith(`${mount}/`));
}
