import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { syncDirectory } from '../linux/durable.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { syncFileSystem } from '../linux/syncfs.ts';
import { inspectObject, type ObjectKey } from './object.ts';
import type { Staging } from './staging.ts';
import type { Store } from './store.ts';

/** What a commit added. */
export interface Committed {
  /** Objects that are new in the store. */
  added: number;
  /** Objects that were there and found undamaged. */
  shared: number;
  /** Objects that were there, damaged, and are replaced. */
  repaired: ObjectKey[];
}

/**
 * Moves staged layers into the store. Data reaches the disk before its name does, and a layer's
 * record appears last, so after a power cut at any moment a record means that its objects are there.
 * The caller holds the writer's lock. Throws `no-space`, `io`.
 */
export function commitLayers(store: Store, staging: Staging, diffIds: Digest[]): Committed {
  const committed: Committed = { added: 0, shared: 0, repaired: [] };
  if (diffIds.length === 0) return committed;
  try {
    syncFileSystem(staging.directory);
    const seen = new Set<ObjectKey>();
    const touched = new Set<string>([store.objects]);
    for (const diffId of diffIds) {
      const directory = staging.objects(diffId);
      for (const name of readdirSync(directory)) {
        const key = name as ObjectKey;
        if (seen.has(key)) continue;
        seen.add(key);
        placeObject(store, join(directory, key), key, committed);
        touched.add(dirname(store.object(key)));
      }
    }
    for (const directory of touched) syncDirectory(directory);
    for (const diffId of diffIds) renameSync(staging.record(diffId), store.layer(diffId));
    syncDirectory(store.layers);
  } catch (error) {
    throw fileSystemError(error, 'cannot commit to the store', store.directory);
  }
  return committed;
}

// An object that is already there is read in full before it is trusted, as its name says what its
// content must be: reading costs less than the unpacking that just happened, and a damaged one is
// replaced by the fresh copy. An object that this same commit placed needs no second look.
function placeObject(store: Store, staged: string, key: ObjectKey, committed: Committed): void {
  const path = store.object(key);
  switch (stateOf(path, key)) {
    case 'missing':
      committed.added += 1;
      break;
    case 'good':
      committed.shared += 1;
      return;
    case 'damaged':
      committed.repaired.push(key);
      break;
  }
  try {
    renameSync(staged, path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) mkdirSync(dirname(path), { mode: 0o700 });
    // rename(2) replaces a file, and refuses to replace a directory.
    else if (isErrno(error, 'EISDIR')) rmSync(path, { recursive: true });
    else throw error;
    renameSync(staged, path);
  }
}

function stateOf(path: string, key: ObjectKey): 'missing' | 'good' | 'damaged' {
  try {
    // Most are missing, and an exception for each of them would take as long as to place it.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'missing';
    return inspectObject(path) === key ? 'good' : 'damaged';
  } catch (error) {
    if (isErrno(error, 'EIO', 'EUCLEAN', 'EBADMSG')) return 'damaged';
    throw error;
  }
}
