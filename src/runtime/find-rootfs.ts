import { lstat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BerthError } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import type { Paths } from '../paths.ts';
import { isPlainPath } from './check-config.ts';
import { OWN } from './check-mounts.ts';
import { refuseUnsafe } from './refuse-unsafe.ts';

const KERNEL_TREES = ['/proc', '/sys', '/dev'];

/**
 * Where an existing root file system that a person named is: absolute and without symlinks, as `named`
 * is as the installed system names it. It is run as root at every boot, so only root may be able to
 * change it. Throws `usage` for a path that is not absolute, and `rootfs-invalid`.
 */
export async function findRootfs(named: string, paths: Paths): Promise<string> {
  if (!isPlainPath(named)) {
    throw new BerthError('usage', `not a plain absolute path: --rootfs ${JSON.stringify(named)}`, {
      hint: `--rootfs ${resolve(named)}`,
    });
  }
  const links: string[] = [];
  const { path, inside: directory, type } = followPath(paths.root, named, (link) => links.push(link));
  if (type !== 'directory') throw invalid(named, type === 'missing' ? 'it is not there' : 'not a directory');
  const own = OWN.find((place) => isBelow(directory, place) || isBelow(place, directory));
  if (own !== undefined) {
    throw invalid(named, `${own} belongs to berth`, 'install the image itself: services share its files');
  }
  const tree = KERNEL_TREES.find((place) => isBelow(directory, place));
  if (tree !== undefined) throw invalid(named, `${tree} is the kernel's`);
  for (const place of [...links.map(dirname), path]) await refuseUnsafe(place, paths.root, 'rootfs-invalid');
  // What umoci and other tools unpack: the runtime would run in the directory above the one that is meant.
  if ((await isThere(join(path, 'rootfs'))) && (await isThere(join(path, 'config.json')))) {
    throw invalid(named, 'it is a bundle, which holds one', `--rootfs ${join(named, 'rootfs')}`);
  }
  return directory;
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || `${path}/`.startsWith(`${directory}/`);
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

function invalid(named: string, cause: string, hint?: string): BerthError {
  return new BerthError('rootfs-invalid', `not a root file system: ${named}: ${cause}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}
