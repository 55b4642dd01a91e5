import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor, Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { lonePlatform } from '../../image/lone-platform.ts';
import { hostPlatform } from '../../image/platform.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { readGzipped } from '../files/spool-gzip.ts';
import type { ImageSource } from '../source.ts';
import { type CompressedDocuments, closeGzipped, compressLayers } from './compress-layers.ts';
import { inParallel } from './in-parallel.ts';
import { type CopyDocument, readAll, readOne } from './read-documents.ts';
import { toOci } from './to-oci.ts';

export interface CopyOptions {
  /**
   * Which image of an index is copied; all, with the index. Undefined: this host's, and one without an index
   * whatever platform it is for.
   */
  platform: Platform | 'all' | undefined;
  limits: Limits;
  signal: AbortSignal;
  onProgress: (progress: CopyProgress) => void;
}

/** What a copy tells while it runs; sizes in bytes. */
export type CopyProgress =
  /** So many blobs belong to the image, of which some are there and the others are copied. */
  | { kind: 'resolved'; name: string; blobs: number; present: number; bytes: number }
  /** So many bytes of a blob have been read by now. */
  | { kind: 'blob-progress'; digest: Digest; copied: number };

export interface CopiedImage {
  from: string;
  to: string;
  /** Of the manifest or index at the source. */
  sourceDigest: Digest;
  /** Of the same at the destination, which may not hold it as it is; null where it has none. */
  digest: Digest | null;
  blobs: number;
  /** Those that were not there, and their bytes. */
  copiedBlobs: number;
  copiedBytes: number;
}

/**
 * Copies an image. Digest and size of everything are checked on the way, blobs that are there are not
 * copied again, and nothing appears before all of it is there; the caller closes both ends, which removes
 * what was begun. Throws `usage` for an index into what holds one image, `interrupted`, and what source and
 * destination throw.
 */
export async function copyImage(
  source: ImageSource,
  destination: ImageDestination,
  options: CopyOptions,
): Promise<CopiedImage> {
  const { signal } = options;
  try {
    const found = await untilAborted(readDocuments(source, destination, options), signal);
    return await put(source, destination, found, options);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: copying ${source.name}`, { cause })
      : cause;
  }
}

async function readDocuments(
  source: ImageSource,
  { name, holds }: ImageDestination,
  { platform, limits }: CopyOptions,
): Promise<CopyDocument[]> {
  const top = await source.top();
  if (platform !== 'all') {
    const wanted = platform ?? (await lonePlatform(top, source, limits)) ?? hostPlatform();
    return await readOne(source, top, wanted, limits);
  }
  const documents = await readAll(source, top, limits);
  if (documents.length === 1 || holds !== 'one-image') return documents;
  throw new BerthError('usage', `cannot hold several images: ${name}`, { hint: 'leave out --all' });
}

async function put(
  source: ImageSource,
  destination: ImageDestination,
  found: CopyDocument[],
  options: CopyOptions,
): Promise<CopiedImage> {
  if (destination.holds === 'one-image') {
    return {
      ...(await putAll(source, destination, { documents: found, gzipped: new Map() }, options)),
      digest: null,
    };
  }
  const { documents, gzipped } = await compressLayers(found, source, options);
  try {
    const held = destination.holds === 'oci' ? toOci(documents) : documents;
    const copied = await putAll(source, destination, { documents: held, gzipped }, options);
    return { ...copied, sourceDigest: topOf(found) };
  } finally {
    await closeGzipped(gzipped);
  }
}

async function putAll(
  source: ImageSource,
  destination: ImageDestination,
  { documents, gzipped }: CompressedDocuments,
  { signal, onProgress }: CopyOptions,
): Promise<CopiedImage> {
  const read = (layer: Descriptor, signal: AbortSignal) => {
    const packed = gzipped.get(layer.digest);
    const bytes = packed === undefined ? source.blob(layer, signal) : readGzipped(packed);
    return readChecked(layer, bytes, onProgress);
  };
  const blobs = blobsOf(documents, read);
  const missing: BlobOnTheWay[] = [];
  await inParallel(blobs, destination.parallel, signal, async (blob, both) => {
    if (!(await destination.has(blob.descriptor, both))) missing.push(blob);
  });
  const bytes = missing.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const present = blobs.length - missing.length;
  onProgress({ kind: 'resolved', name: source.name, blobs: blobs.length, present, bytes });
  await inParallel(missing, destination.parallel, signal, (blob, both) => destination.putBlob(blob, both));
  for (const [index, document] of documents.entries()) {
    signal.throwIfAborted();
    await destination.putManifest(document, index === documents.length - 1, signal);
  }
  await destination.commit();
  const digest = topOf(documents);
  const counts = { blobs: blobs.length, copiedBlobs: missing.length, copiedBytes: bytes };
  return { from: source.name, to: destination.name, sourceDigest: digest, digest, ...counts };
}

/** Every blob once, in the order of the documents. */
function blobsOf(
  documents: CopyDocument[],
  read: (layer: Descriptor, signal: AbortSignal) => AsyncIterable<Uint8Array>,
): BlobOnTheWay[] {
  const blobs = new Map<Digest, BlobOnTheWay>();
  for (const { config, layers } of documents) {
    for (const descriptor of layers) {
      blobs.set(descriptor.digest, { descriptor, read: (signal) => read(descriptor, signal) });
    }
    if (config !== undefined) {
      const { descriptor, bytes } = config;
      blobs.set(descriptor.digest, { descriptor, read: () => only(bytes) });
    }
  }
  return [...blobs.values()];
}

async function* readChecked(
  { digest, size }: Descriptor,
  bytes: AsyncIterable<Uint8Array>,
  onProgress: CopyOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  const blob = new VerifiedBlob(bytes, digest, size);
  for await (const chunk of blob.chunks()) {
    yield chunk;
    onProgress({ kind: 'blob-progress', digest, copied: blob.bytes });
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function topOf(documents: CopyDocument[]): Digest {
  const top = documents.at(-1);
  if (top === undefined) throw new TypeError('an image without documents');
  return top.descriptor.digest;
}
