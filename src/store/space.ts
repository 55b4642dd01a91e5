import { statfsSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import { mountPoint } from '../linux/file-system.ts';
import type { Store } from './store.ts';

/** What is to be written to a store, as far as that is known before. */
export interface SpaceNeed {
  bytes: number;
  inodes: number;
}

/** What statfs(2) says of a file system, as far as it is needed here. */
export interface FreeSpace {
  bsize: number;
  blocks: number;
  bavail: number;
  /** 0 where inodes are made as needed. */
  files: number;
  ffree: number;
}

// Of a small disk one part in fifty, of a large one as much as a host needs to write its logs for a while.
const RESERVED_PART = 0.02;
const RESERVED_BYTES = 64 << 20;
const RESERVED_INODES = 4096;

/**
 * Throws `no-space` when a store's file system has not even room for so much and a reserve: 2 % of
 * it, at most 64 MiB and 4096 inodes. `what` reads "cannot pull IMAGE".
 */
export function requireSpace(store: Store, need: SpaceNeed, what: string): void {
  const place = mountPoint(store.directory);
  const lacking = findLack(statfsSync(place), need);
  if (lacking === undefined) return;
  throw new BerthError('no-space', `${what}: ${place}: ${lacking}`, {
    hint: 'what no service needs can go: berth prune --all',
  });
}

/** Why it does not fit, in words; undefined when it may. */
export function findLack(space: FreeSpace, need: SpaceNeed): string | undefined {
  const { bsize, blocks, bavail, files, ffree } = space;
  const reserve = Math.min(RESERVED_BYTES, blocks * bsize * RESERVED_PART);
  if (need.bytes + reserve > bavail * bsize) {
    return `needs at least ${mebibytes(need.bytes)} and a reserve of ${mebibytes(reserve)}, ${mebibytes(bavail * bsize)} are free`;
  }
  const reservedInodes = Math.min(RESERVED_INODES, Math.ceil(files * RESERVED_PART));
  if (files > 0 && need.inodes + reservedInodes > ffree) {
    return `needs at least ${need.inodes} inodes and a reserve of ${reservedInodes}, ${ffree} are free`;
  }
  return undefined;
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
