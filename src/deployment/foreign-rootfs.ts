import { join } from 'node:path';
import { BerthError } from '../errors.ts';
import { targetPlatform } from '../image/target-platform.ts';
import type { Paths } from '../paths.ts';
import { findRootfs } from '../runtime/find-rootfs.ts';
import { RootfsSource } from '../transport/rootfs/rootfs-source.ts';
import type { ImageSource } from '../transport/source.ts';

/** An existing root file system that a person wants a service to run on. */
export interface RootfsRequest {
  /** As the installed system names it; it may be a symlink, which an update follows again. */
  named: string;
  /** What runs where neither an image nor /exports say it; else empty. */
  command: string[];
}

/** The same, found. berth reads it and never changes it: it is not berth's. */
export interface ForeignRootfs extends RootfsRequest {
  /** Where `named` led: absolute, without symlinks. */
  directory: string;
}

/** Finds what a person named. Throws as `findRootfs`. */
export async function findForeignRootfs(request: RootfsRequest, paths: Paths): Promise<ForeignRootfs> {
  const { named, command } = request;
  return { named, directory: await findRootfs(named, paths), command };
}

/** Throws `rootfs-invalid` when it is not where it was found, or others than root can change it now. */
export async function recheckForeignRootfs({ directory }: ForeignRootfs, paths: Paths): Promise<void> {
  const found = await findRootfs(directory, paths);
  if (found === directory) return;
  throw new BerthError('rootfs-invalid', `not a root file system: ${directory}: it leads to ${found} now`);
}

/** The image that a root file system itself stands for. */
export function openForeignRootfs({ named, directory, command }: ForeignRootfs, paths: Paths): ImageSource {
  return new RootfsSource({
    path: paths.follow(directory),
    named,
    command,
    platform: targetPlatform(paths),
  });
}

/** Where a deployment has the checkout of its image: beside its root file system when that is another. */
export function checkoutOf(directory: string, rootfs: ForeignRootfs | undefined): string {
  return join(directory, rootfs === undefined ? 'rootfs' : 'image');
}
