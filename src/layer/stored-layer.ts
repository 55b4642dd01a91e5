import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { NO_LIMITS } from '../image/limits.ts';
import { type LayerEntry, type LayerRecord, readLayerRecord } from '../store/layer-record.ts';
import { compareStat } from '../store/object.ts';
import type { Store } from '../store/store.ts';
import type { ImageTree } from './image-tree.ts';
import { uniteLayers } from './union.ts';

/**
 * The record of a layer that is in the store and can be used: it is whole and every object is there with
 * the right size, owner, mode and time. Else undefined: the layer is to be fetched again, which mends it.
 * The content of objects is not read here: that is for a check of the whole store.
 */
export function readUsableLayer(store: Store, diffId: Digest): LayerRecord | undefined {
  try {
    const record = readLayerRecord(store.readableLayer(diffId), diffId);
    const isUsable = record.entries.every(
      (entry) => entry.type !== 'file' || compareStat(store.readableObject(entry.key), entry) === undefined,
    );
    return isUsable ? record : undefined;
  } catch (error) {
    if (error instanceof BerthError && error.code === 'store-damaged') return undefined;
    throw error;
  }
}

/** The root file system of an image whose layers are all in the store. Throws `store-damaged`, and as `uniteLayers`. */
export function readImageTree(store: Store, diffIds: readonly Digest[]): ImageTree {
  return uniteLayers(readAll(store, diffIds), NO_LIMITS);
}

// One after the other: what a layer had that others hide can be forgotten before the next is read.
function* readAll(store: Store, diffIds: readonly Digest[]): Generator<LayerEntry[]> {
  for (const diffId of diffIds) yield readLayerRecord(store.readableLayer(diffId), diffId).entries;
}
