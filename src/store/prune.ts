import { rmSync } from 'node:fs';
import { BerthError, messageOf } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { diskBytes } from '../linux/disk-usage.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { syncFileSystem } from '../linux/syncfs.ts';
import { listBlobs, listLayers, listObjects, type StoreEntry } from './contents.ts';
import { readLayerRecord } from './layer-record.ts';
import type { ObjectKey } from './object.ts';
import { removeStaging } from './staging.ts';
import type { Store } from './store.ts';

/** What must stay in a store: every layer with its objects, and the blobs. */
export interface StoreNeeds {
  layers: ReadonlySet<Digest>;
  blobs: ReadonlySet<Digest>;
}

export interface PruneOptions {
  dryRun: boolean;
  /**
   * Takes objects also when no layer goes: what interrupted commands left. To find them, the records of all
   * layers are read, and all names of objects. True if left out.
   */
  leftovers?: boolean;
}

/** What a prune took, or would take. */
export interface Pruned {
  layers: number;
  objects: number;
  blobs: number;
  /** Bytes of disk space; without what is still linked from elsewhere. */
  freedBytes: number;
}

/**
 * Removes all that is not needed. Nothing goes before everything that it was part of is gone from the
 * disk, so a crash at any moment leaves no record whose objects are missing, and the next prune takes
 * the rest. The caller holds the writer's lock, or only asks: with `dryRun` nothing changes. Throws
 * `store-damaged`, before anything is removed, when a needed layer does not say what it needs; `io`.
 */
export function prune(store: Store, needs: StoreNeeds, { dryRun, leftovers = true }: PruneOptions): Pruned {
  const layers = unneeded(listLayers(store), needs.layers);
  const blobs = unneeded(listBlobs(store), needs.blobs);
  const someGo = leftovers || layers.length > 0;
  const objects = someGo ? unneeded(listObjects(store), neededObjects(store, needs)) : [];
  const freedBytes = [layers, blobs, objects, store.staging]
    .flat()
    .reduce((sum, path) => sum + freedWith(path), 0);
  if (!dryRun) remove(store, [layers, blobs, objects]);
  return { layers: layers.length, objects: objects.length, blobs: blobs.length, freedBytes };
}

/**
 * Bytes that a prune would free with each of these needs, in one look at the store. `keysOf` has the objects of a layer.
 */
export function measurePrunable(
  store: Store,
  needs: readonly StoreNeeds[],
  keysOf: (layer: Digest) => readonly ObjectKey[],
): number[] {
  const sums = needs.map(() => freedWith(store.staging));
  const add = <Name>(entries: Iterable<StoreEntry<Name>>, needed: readonly ReadonlySet<Name>[]) => {
    for (const { path, name } of entries) {
      const goes = needed.map((names) => name === undefined || !names.has(name));
      const bytes = goes.includes(true) ? freedWith(path) : 0;
      for (const index of sums.keys()) if (goes[index]) sums[index] = (sums[index] ?? 0) + bytes;
    }
  };
  const layers = needs.map((each) => each.layers);
  const blobs = needs.map((each) => each.blobs);
  add(listLayers(store), layers);
  add(listBlobs(store), blobs);
  add(
    listObjects(store),
    layers.map((each) => new Set([...each].flatMap(keysOf))),
  );
  return sums;
}

/** Bytes that are free when this is removed: not of what has another name elsewhere. */
function freedWith(path: string): number {
  return diskBytes(path, (stat) => !stat.isDirectory() && stat.nlink === 1);
}

function remove(store: Store, inOrder: string[][]): void {
  try {
    for (const paths of inOrder) {
      for (const path of paths) rmSync(path, { recursive: true, force: true });
      if (paths.length > 0) syncFileSystem(store.directory);
    }
    removeStaging(store);
  } catch (error) {
    throw fileSystemError(error, 'cannot prune the store', store.directory);
  }
}

// One layer after the other, so that of all their entries only the keys stay in memory.
function neededObjects(store: Store, { layers }: StoreNeeds): Set<ObjectKey> {
  const keys = new Set<ObjectKey>();
  for (const diffId of layers) {
    try {
      for (const entry of readLayerRecord(store.layer(diffId), diffId).entries) {
        if (entry.type === 'file') keys.add(entry.key);
      }
    } catch (error) {
      throw new BerthError('store-damaged', `cannot tell what is needed: ${messageOf(error)}`, {
        hint: 'berth fsck --repair',
        cause: error,
      });
    }
  }
  return keys;
}

function unneeded<Name>(entries: Iterable<StoreEntry<Name>>, needed: ReadonlySet<Name>): string[] {
  const paths: string[] = [];
  for (const { path, name } of entries) if (name === undefined || !needed.has(name)) paths.push(path);
  return paths;
}
