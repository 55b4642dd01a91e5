import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { type ForeignRootfs, recheckForeignRootfs } from '../foreign-rootfs.ts';

export interface ForeignRootfsComparison {
  paths: Paths;
  rootfs: ForeignRootfs;
  /** The deployment that runs on it. */
  deployment: string;
  mend: boolean;
  report(path: string, what: string): void;
}

/**
 * Of a root file system that is not berth's, only that it is there and still root's alone can be said. The
 * link to it is put back, unless a directory has its place: that may be what was mounted there.
 */
export async function compareForeignRootfs(comparison: ForeignRootfsComparison): Promise<void> {
  const { paths, rootfs, deployment, mend, report } = comparison;
  try {
    await recheckForeignRootfs(rootfs, paths);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'rootfs-invalid') throw error;
    report(paths.follow(rootfs.directory), error.message);
  }
  const link = join(deployment, 'rootfs');
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === rootfs.directory) return;
  report(link, `does not lead to ${rootfs.directory}`);
  if (!mend || found?.isDirectory()) return;
  rmSync(link, { force: true });
  symlinkSync(rootfs.directory, link);
}
