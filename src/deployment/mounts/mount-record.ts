import { basename, dirname, join } from 'node:path';
import { isErrno } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import { writeDurably } from '../../linux/durable.ts';
import { listDirectory } from '../../linux/list-directory.ts';
import type { MountEntry } from '../../linux/mount-table.ts';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import type { ServiceName } from '../../service-name.ts';
import { isAtOrBelow } from '../exports/host-files-places.ts';

/** A root file system that can be looked at. */
export interface ShownTree {
  /** Where it lies. */
  tree: string;
  /** Whose it is; null for that of an image alone. */
  service: ServiceName | null;
  /** Fully qualified. */
  image: string;
  digest: Digest;
}

/** `mount.json`: what berth must know of a mount when the process that made it is gone. */
export interface MountRecord extends ShownTree {
  version: 1;
  /** Where people saw it at first, without symlinks. */
  directory: string;
  /** True where it can be written to, and what is written is no change of the tree. */
  writable: boolean;
  /** Where that goes which is written; null: memory, if anywhere. */
  work: string | null;
  /** The mount namespace in which it is. */
  namespace: string;
}

/** A mount, and the directory that it needs for itself; no record where its making was interrupted. */
export interface KeptMount {
  place: string;
  record: MountRecord | undefined;
}

/** All that were made and not freed, mounted or not. */
export function listKeptMounts(paths: Paths): KeptMount[] {
  return listDirectory(paths.mounts).map((name) => {
    const place = join(paths.mounts, name);
    return { place, record: readRecord(place) };
  });
}

/** Before anything else is in the place: what has no record is of no use to anyone. */
export function writeMountRecord(place: string, record: MountRecord): void {
  writeDurably(join(place, 'mount.json'), `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** What the kernel calls the overlay of a mount. */
export function overlaySource(place: string): string {
  return basename(place);
}

/**
 * True for the entry in the kernel's table that is this mount, wherever it is by now: directories above it may have been
 * renamed.
 */
export function isEntryOf(
  { place, record }: KeptMount,
  { mountPoint, type, root, source }: MountEntry,
): boolean {
  // One that was killed while it was made may have left it there, where nobody sees it.
  if (record === undefined || mountPoint.endsWith(`/${basename(place)}/hidden`)) return false;
  if (record.writable) return type === 'overlay' && source === overlaySource(place);
  // The file system may itself be mounted anywhere: only the end of the path is the same.
  if (isAtOrBelow(record.tree, place)) return root.endsWith(record.tree.slice(dirname(place).length));
  return mountPoint === record.directory && (root.endsWith(`/${basename(record.tree)}`) || root === '/');
}

function readRecord(place: string): MountRecord | undefined {
  try {
    return JSON.parse(readRegularText(join(place, 'mount.json'))) as MountRecord;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    // A mount that cannot be known may be looked at: what it shows must not be removed.
    throw error;
  }
}
