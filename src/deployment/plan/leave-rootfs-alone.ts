import { dirname, join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { type MountPoint, missingMountPoints } from '../../runtime/mount-points.ts';
import { quoteShellLine } from '../../systemd/shell-quote.ts';
import { isAtOrBelow } from '../exports/host-files-places.ts';
import type { ForeignRootfs } from '../foreign-rootfs.ts';
import { expandPath, forEachLine } from '../render/render-lines.ts';
import type { StagedFile } from './stage-files.ts';

/**
 * Throws `rootfs-invalid` where the runtime would have to make mount points in a root file system that is
 * not berth's, and says how a person makes them.
 */
export async function requireMountPoints(
  { named, directory }: ForeignRootfs,
  points: readonly MountPoint[],
  paths: Paths,
): Promise<void> {
  const located = paths.follow(directory);
  const missing = await missingMountPoints(located, points);
  if (missing.length === 0) return;
  const files = missing.filter(({ type }) => type === 'file').map(({ path }) => join(located, path));
  const directories = missing.map(({ path, type }) => join(located, type === 'file' ? dirname(path) : path));
  const touch = files.length === 0 ? '' : ` && touch ${quoteShellLine(files)}`;
  throw new BerthError(
    'rootfs-invalid',
    `cannot run on a root file system: ${named}: it lacks the mount points ${missing.map(({ path }) => path).join(', ')}`,
    { hint: `mkdir -p ${quoteShellLine([...new Set(directories)])}${touch}` },
  );
}

/** Throws `exports-invalid` for a file or a tmpfiles.d line that would change such a root file system. */
export function leaveAlone({ directory }: ForeignRootfs, files: readonly StagedFile[], tmpfiles = ''): void {
  const refuse = (path: string): never => {
    throw new BerthError(
      'exports-invalid',
      `refused: ${path}: the root file system ${directory} stays as it is`,
    );
  };
  for (const { path } of files) if (isAtOrBelow(path, directory)) refuse(path);
  forEachLine(tmpfiles, 'tmpfiles', ([type = '', written = '']) => {
    const path = expandPath(written);
    // Where a wild card may match, what counts is the directory that surely holds it.
    const wild = path.search(/[*?[]/);
    const place = wild === -1 ? path.replace(/\/$/, '') : path.slice(0, path.lastIndexOf('/', wild));
    const reaches = wild !== -1 || /^[DRZTAH]/.test(type);
    if (isAtOrBelow(place, directory) || (reaches && isAtOrBelow(directory, place))) refuse(path);
  });
}
