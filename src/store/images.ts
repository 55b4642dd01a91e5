import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Descriptor, Platform } from '../image/image.ts';
import { writeDurably } from '../linux/durable.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { readRegularText } from '../regular-file.ts';
import type { Store } from './store.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
// OCI image spec, annotations.md.
const NAME = 'org.opencontainers.image.ref.name';

/** A line of images.json: the manifest that a reference stood for when it was pulled. */
export interface StoredImage {
  /** Fully qualified, as `ImageSource.name` gives it. */
  name: string;
  mediaType: string;
  digest: Digest;
  /** Bytes of the manifest. */
  size: number;
  platform?: Platform;
}

/** The images of a store, sorted by name; none where nothing was pulled yet. Throws `store-damaged`, `io`. */
export function readImages(store: Store): StoredImage[] {
  let text: string;
  try {
    text = readRegularText(store.images);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw fileSystemError(error, 'cannot read the list of images', store.images);
  }
  try {
    return parseImages(JSON.parse(text)).sort(byName);
  } catch (cause) {
    throw new BerthError('store-damaged', `list of images is damaged: ${store.images}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Records what a name stands for from now on, durably and in one piece; the caller holds the writer's lock. */
export function recordImage(store: Store, image: StoredImage): void {
  writeImages(store, [...readImages(store).filter(({ name }) => name !== image.name), image]);
}

/** Forgets a name. False when there was none. */
export function forgetImage(store: Store, name: string): boolean {
  const images = readImages(store);
  const rest = images.filter((image) => image.name !== name);
  if (rest.length === images.length) return false;
  writeImages(store, rest);
  return true;
}

/** Makes the list anew, whatever is there; of two with one name, the later stays. */
export function rebuildImages(store: Store, images: StoredImage[]): void {
  writeImages(store, [...new Map(images.map((image) => [image.name, image])).values()]);
}

function writeImages(store: Store, images: StoredImage[]): void {
  const manifests = images
    .toSorted(byName)
    .map(({ name, ...descriptor }): Descriptor => ({ ...descriptor, annotations: { [NAME]: name } }));
  const index = { schemaVersion: 2, mediaType: INDEX, manifests };
  writeDurably(store.images, `${JSON.stringify(index, undefined, 2)}\n`, 0o600);
}

function byName(one: StoredImage, other: StoredImage): number {
  return one.name < other.name ? -1 : 1;
}

function parseImages(index: { manifests?: Descriptor[] }): StoredImage[] {
  if (!Array.isArray(index.manifests)) throw new TypeError('no list of manifests');
  return index.manifests.map(({ mediaType, digest, size, platform, annotations }) => {
    const name = annotations?.[NAME];
    if (typeof name !== 'string' || typeof size !== 'number')
      throw new TypeError('an entry has no name or size');
    return { name, mediaType, digest: parseDigest(digest), size, ...(platform && { platform }) };
  });
}
