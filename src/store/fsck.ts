import { existsSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { ContentCheck, type StoreProblem } from './content-check.ts';
import { isLeftover, listBlobs, listLayers, listObjects, type StoreEntry } from './contents.ts';
import { type ImageParts, readImageParts } from './image-parts.ts';
import { readImages, type StoredImage } from './images.ts';
import { isPrivate, type Store } from './store.ts';

/** What a check of a whole store found. */
export interface StoreReport {
  problems: StoreProblem[];
  objects: number;
  layers: number;
  blobs: number;
  /** Names of images. */
  images: number;
  /** Bytes of objects, all of them read. */
  bytes: number;
}

/**
 * Checks all that is in a store: the key of every object is computed again from its content and
 * metadata, every record and blob is read, and what they and the list of images name must be there.
 * What nothing names is no problem: a pull that was cut off leaves that, and `prune` takes it. Nobody
 * may write meanwhile. Throws `interrupted`.
 */
export async function checkStore(store: Store, signal?: AbortSignal): Promise<StoreReport> {
  const check = new ContentCheck(store, signal);
  const strays: StoreProblem[] = [];
  if (existsSync(store.directory) && !isPrivate(store.directory)) {
    strays.push({ kind: 'store', path: store.directory, what: 'is open to others' });
  }
  // Layers first: with their entries, it can be said what is wrong with an object.
  const layers = known(listLayers(store), strays);
  for (const diffId of layers) await check.layer(diffId);
  const objects = known(listObjects(store), strays);
  for (const key of objects) {
    check.object(key);
    await check.breathe();
  }
  const blobs = known(listBlobs(store), strays);
  for (const digest of blobs) check.blob(digest);
  const images = await checkImages(store, check);
  return {
    problems: [...strays, ...check.problems],
    objects: objects.length,
    layers: layers.length,
    blobs: blobs.length,
    images,
    bytes: check.bytes,
  };
}

/** The parts of the image that a name stands for; undefined, and a problem, when its blobs do not say. */
function checkNamedImage(store: Store, manifestDigest: Digest, check: ContentCheck): ImageParts | undefined {
  if (!check.blob(manifestDigest)) return undefined;
  try {
    return readImageParts(store, manifestDigest);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'store-damaged') throw error;
    return undefined;
  }
}

async function checkImages(store: Store, check: ContentCheck): Promise<number> {
  let images: StoredImage[];
  try {
    images = readImages(store);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'store-damaged') throw error;
    check.problems.push({ kind: 'images', path: store.images, what: 'not a list of images' });
    return 0;
  }
  for (const { digest } of images) {
    const parts = checkNamedImage(store, digest, check);
    if (parts !== undefined) await check.image(parts);
  }
  return images.length;
}

function known<Name>(entries: Iterable<StoreEntry<Name>>, strays: StoreProblem[]): Name[] {
  const names: Name[] = [];
  for (const { path, name } of entries) {
    if (name !== undefined) names.push(name);
    else if (!isLeftover(path)) strays.push({ kind: 'stray', path, what: 'nothing that a store has' });
  }
  return names;
}
