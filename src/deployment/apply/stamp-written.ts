import { lstatSync, readdirSync } from 'node:fs';
import { setMtime } from '../../linux/mtime.ts';
import type { Paths } from '../../paths.ts';

// The kernel's clock for files goes by ticks, of 10 ms at most, and is that much behind.
const TICK = 10;

// In a tree that is worked in, they may be the kernel's.
const NOT_OF_THE_TREE = ['dev', 'proc', 'run', 'sys'];

/**
 * Gives the source date to all below the root that was written since `since`, in milliseconds since 1970, but
 * to what images have brought: its times are theirs. Does nothing where there is no source date. Throws errors
 * of the operating system.
 */
export function stampWritten(paths: Paths, since: number): void {
  const { root, sourceDate } = paths;
  if (sourceDate === undefined) return;
  const [begin, date] = [nanoseconds(since - TICK), nanoseconds(sourceDate.getTime())];
  const places = paths.sides.map(({ store, deployments }) => ({ store, deployments }));
  const isLeftAlone = (path: string): boolean =>
    NOT_OF_THE_TREE.some((name) => path === `${root}/${name}`) ||
    places.some(({ store, deployments }) => {
      if (path.startsWith(store)) return /^\/(?:objects\/..|staging)$/.test(path.slice(store.length));
      if (!path.startsWith(deployments)) return false;
      return /^\/[^/]+\/\d+\/(?:rootfs|image)$/.test(path.slice(deployments.length));
    });
  const stamp = (path: Buffer): void => {
    const stat = lstatSync(path, { bigint: true });
    if (stat.isDirectory() && !isLeftAlone(path.toString())) stampIn(path);
    if (stat.mtimeNs >= begin) setMtime(path, date);
  };
  // Not all names are UTF-8.
  const stampIn = (directory: Buffer): void => {
    for (const name of readdirSync(directory, 'buffer'))
      stamp(Buffer.concat([directory, Buffer.from('/'), name]));
  };
  stampIn(Buffer.from(root));
  // The root itself, which may be named by a symlink.
  if (lstatSync(`${root}/.`, { bigint: true }).mtimeNs >= begin) setMtime(`${root}/.`, date);
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1_000_000n;
}
