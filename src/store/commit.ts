import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { syncDirectory } from '../linux/durable.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { syncFileSystem } from '../linux/syncfs.ts';
import { inspectObject, type ObjectKey } from './object.ts';
import type { Staging } from './staging.ts';
import type { Store } from './store.ts';

/**
 * Moves staged layers, all that are in staging, into the store. Data reaches the disk before its name
 * does, and a layer's record appears last, so after a power cut at any moment a record means that its
 * objects are there. The caller holds the writer's lock. Throws `no-space`, `io`.
 */
export function commitLayers(store: Store, staging: Staging, diffIds: Digest[]): void {
  if (diffIds.length === 0) return;
  try {
    syncFileSystem(staging.directory);
    placeObjects(store, staging);
    for (const diffId of diffIds) renameSync(staging.record(diffId), store.layer(diffId));
    syncDirectory(store.layers);
  } catch (error) {
    throw fileSystemError(error, 'cannot commit to the store', store.directory);
  }
}

function placeObjects(store: Store, { objects }: Staging): void {
  const touched = [store.objects];
  for (const prefix of readdirSync(objects)) {
    const [from, to] = [join(objects, prefix), join(store.objects, prefix)];
    if (placeDirectory(from, to)) continue;
    for (const rest of readdirSync(from)) {
      placeObject(join(from, rest), join(to, rest), `${prefix}${rest}` as ObjectKey);
    }
    touched.push(to);
  }
  for (const directory of touched) syncDirectory(directory);
}

// Of a store that is still empty this moves all at once. What is in the directory is on disk already.
function placeDirectory(staged: string, path: string): boolean {
  try {
    renameSync(staged, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}

// An object that is already there is read in full before it is trusted, as its name says what its
// content must be: reading costs less than the unpacking that just happened, and a damaged one is
// replaced by the fresh copy.
function placeObject(staged: string, path: string, key: ObjectKey): void {
  if (isIntact(path, key)) return;
  try {
    renameSync(staged, path);
  } catch (error) {
    // rename(2) replaces a file, and refuses to replace a directory.
    if (!isErrno(error, 'EISDIR')) throw error;
    rmSync(path, { recursive: true });
    renameSync(staged, path);
  }
}

function isIntact(path: string, key: ObjectKey): boolean {
  try {
    // Most are missing, and an exception for each of them would take as long as to place it.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
    return inspectObject(path) === key;
  } catch (error) {
    if (isErrno(error, 'EIO', 'EUCLEAN', 'EBADMSG')) return false;
    throw error;
  }
}
