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

/**
 * Writes a tar archive of an OCI image layout (OCI image spec, image-layout.md) with every blob once, byte for byte
 * as it was in its registry. The same images give the same bytes. Digest and size of everything are checked on the
 * way, and the file appears durably, when all of it is there. Throws `destination-exists`,
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

interface Layer {
  descriptor: Descriptor;
  /** True for one that an earlier bundle has. */
  isKept: boolean;
  read(): AsyncIterable<Uint8Array>;
}

interface Blob {
  size: number;
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

async function write(
  archive: NewArchive,
  path: string,
  content: BundleContent,
  { signal, onProgress }: WriteOptions,
): Promise<BundleCounts> {
  const { images, files = new Map() } = content;
  const layers = await findLayers(content, signal);
  const fetched = layers.filter(({ isKept }) => !isKept);
  const counts = { layers: layers.length, bytes: sizeOf(layers), fetchedBytes: sizeOf(fetched) };
  const present = layers.length - fetched.length;
  onProgress({ kind: 'resolved', name: path, blobs: layers.length, present, bytes: counts.fetchedBytes });

  const blobs = new Map<Digest, Blob>();
  for (const { descriptor, read } of layers) {
    const { digest, size } = descriptor;
    blobs.set(digest, { size, read: () => readChecked(descriptor, read(), onProgress) });
  }
  for (const [digest, bytes] of images.flatMap(({ documents }) => [...documents])) {
    blobs.set(digest, { size: bytes.length, read: () => [bytes] });
  }
  const beside = [
    [LAYOUT_FILE, Buffer.from(LAYOUT_VERSION)],
    ['index.json', indexFile(images)],
    ...files,
  ] as const;
  for (const [name, bytes] of beside) await archive.add(name, bytes.length, [bytes]);
  for (const [digest, { size, read }] of [...blobs].sort(([one], [other]) => (one < other ? -1 : 1))) {
    signal.throwIfAborted();
    await archive.add(blobName(digest), size, read());
  }
  await archive.commit();
  return counts;
}

/** The layers of all images, each once. */
async function findLayers({ images, earlier }: BundleContent, signal: AbortSignal): Promise<Layer[]> {
  const found = new Map<Digest, Layer>();
  for (const { layers, source } of images) {
    for (const descriptor of layers.filter(({ digest }) => !found.has(digest))) {
      const { digest } = descriptor;
      const place = earlier !== undefined && (await isIn(earlier, descriptor)) ? earlier : undefined;
      const read = () => place?.read(blobName(digest)) ?? source.blob(descriptor, signal);
      found.set(digest, { descriptor, isKept: place !== undefined, read });
    }
  }
  return [...found.values()];
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

function sizeOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
}
