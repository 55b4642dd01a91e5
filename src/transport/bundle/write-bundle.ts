import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { OCI_INDEX } from '../../image/media-type.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { NewArchive, type NewArchiveOptions } from '../archive/new-archive.ts';
import { type CopyProgress, readChecked } from '../copy/read-checked.ts';
import type { ImageFiles } from '../files/image-files.ts';
import { blobName, LAYOUT_FILE, LAYOUT_VERSION } from '../layout/layout-format.ts';
import { type BundledName, nameAnnotations } from './bundle-format.ts';
import type { CollectedImage } from './collect-image.ts';

export interface BundleContent {
  images: readonly (BundledName & CollectedImage)[];
  /** Files beside index.json, by name. */
  files?: ReadonlyMap<string, Buffer>;
  /** A bundle that was made before: what it has need not be fetched again. */
  earlier?: ImageFiles | undefined;
}

export interface WriteOptions extends NewArchiveOptions {
  signal: AbortSignal;
  onProgress: (progress: CopyProgress) => void;
}

/** Layers of all images, each once; sizes in bytes. */
export interface BundleCounts {
  layers: number;
  bytes: number;
  /** Those that no earlier bundle had. */
  fetchedBytes: number;
}

/** Of all manifests, indexes and configs, which are held in memory. */
const MOST_BYTES = 128 << 20;

/**
 * Writes a tar archive of an OCI image layout (OCI image spec, image-layout.md) with every blob once, byte for byte
 * as it was in its registry. The same images give the same bytes. Digest and size of everything are checked on the
 * way, and the file appears durably, when all of it is there. Throws `destination-exists`, `limit-exceeded`,
 * `interrupted`, and what the images' sources throw.
 */
export async function writeBundle(
  path: string,
  content: BundleContent,
  options: WriteOptions,
): Promise<BundleCounts> {
  const archive = new NewArchive(path, options);
  try {
    return await write(archive, path, content, options);
  } catch (cause) {
    throw options.signal.aborted
      ? new BerthError('interrupted', `interrupted: writing ${path}`, { cause })
      : cause;
  } finally {
    await archive.close();
  }
}

async function write(
  archive: NewArchive,
  path: string,
  { images, files = new Map(), earlier }: BundleContent,
  { signal, onProgress }: WriteOptions,
): Promise<BundleCounts> {
  const documents = new Map(images.flatMap((image) => [...image.documents]));
  checkMemory(documents);
  const layers = layersOf(images);
  const kept = new Set<Digest>();
  for (const { descriptor } of layers.values()) {
    if (earlier !== undefined && (await isIn(earlier, descriptor))) kept.add(descriptor.digest);
  }
  const all = [...layers.values()].map(({ descriptor }) => descriptor);
  const fetched = all.filter(({ digest }) => !kept.has(digest));
  const bytes = sizeOf(fetched);
  onProgress({ kind: 'resolved', name: path, blobs: all.length, present: kept.size, bytes });

  const small = new Map([
    [LAYOUT_FILE, Buffer.from(LAYOUT_VERSION)],
    ['index.json', indexFile(images)],
    ...files,
  ]);
  for (const [name, content] of small) await archive.add(name, content.length, [content]);
  for (const digest of [...documents.keys(), ...layers.keys()].sort()) {
    signal.throwIfAborted();
    const name = blobName(digest);
    const document = documents.get(digest);
    const layer = layers.get(digest);
    if (document !== undefined) {
      await archive.add(name, document.length, [document]);
    } else if (layer !== undefined) {
      const { descriptor, source } = layer;
      const blob =
        earlier !== undefined && kept.has(digest) ? earlier.read(name) : source.blob(descriptor, signal);
      await archive.add(name, descriptor.size, readChecked(descriptor, blob, onProgress));
    }
  }
  await archive.commit();
  return { layers: all.length, bytes: sizeOf(all), fetchedBytes: bytes };
}

function checkMemory(documents: ReadonlyMap<Digest, Buffer>): void {
  const bytes = [...documents.values()].reduce((sum, { length }) => sum + length, 0);
  if (bytes <= MOST_BYTES) return;
  throw new BerthError(
    'limit-exceeded',
    `too much for one bundle: more than ${MOST_BYTES >> 20} MiB of manifests and configs`,
    { hint: 'make several bundles, and give the directory with all of them' },
  );
}

function layersOf(images: readonly CollectedImage[]) {
  return new Map(
    images.flatMap(({ layers, source }) =>
      layers.map((descriptor) => [descriptor.digest, { descriptor, source }] as const),
    ),
  );
}

/** True when a blob is there, whole: what was begun with cannot be taken back out of an archive. */
async function isIn(earlier: ImageFiles, { digest, size }: Descriptor): Promise<boolean> {
  const name = blobName(digest);
  if ((await earlier.size(name)) !== size) return false;
  try {
    await new VerifiedBlob(earlier.read(name), digest, size).drain();
    return true;
  } catch (error) {
    if (error instanceof BerthError && error.code === 'digest-mismatch') return false;
    throw error;
  }
}

function indexFile(images: readonly (BundledName & CollectedImage)[]): Buffer {
  const manifests = images
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ top: { mediaType, digest, size }, ...name }) => ({
      mediaType,
      digest,
      size,
      annotations: nameAnnotations(name),
    }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

function sizeOf(blobs: readonly Descriptor[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}
