import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor, Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import type { ImageSource } from '../source.ts';
import { inParallel } from './in-parallel.ts';
import { type CopyDocument, readAll, readOne } from './read-documents.ts';
import { toOci } from './to-oci.ts';

export interface CopyOptions {
  /** Whose image is copied; undefined: all that an index has, and the index. */
  platform: Platform | undefined;
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
  if (platform !== undefined) return await readOne(source, platform, limits);
  const documents = await readAll(source, limits);
  if (documents.length === 1 || holds !== 'one-image') return documents;
  throw new BerthError('usage', `cannot hold several images: ${name}`, { hint: 'leave out --all' });
}

async function put(
  source: ImageSource,
  destination: ImageDestination,
  found: CopyDocument[],
  { signal, onProgress }: CopyOptions,
): Promise<CopiedImage> {
  const documents = destination.holds === 'oci' ? toOci(found) : found;
  const blobs = blobsOf(documents, source, onProgress);
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
  return {
    from: source.name,
    to: destination.name,
    sourceDigest: topOf(found),
    digest: destination.holds === 'one-image' ? null : topOf(documents),
    blobs: blobs.length,
    copiedBlobs: missing.length,
    copiedBytes: bytes,
  };
}

/** Every blob once, in the order of the documents. */
function blobsOf(
  documents: CopyDocument[],
  source: ImageSource,
  onProgress: CopyOptions['onProgress'],
): BlobOnTheWay[] {
  const blobs = new Map<Digest, BlobOnTheWay>();
  for (const { config, layers } of documents) {
    for (const descriptor of layers) {
      blobs.set(descriptor.digest, {
        descriptor,
        read: (signal) => readChecked(source, descriptor, signal, onProgress),
      });
    }
    if (config !== undefined) {
      const { descriptor, bytes } = config;
      blobs.set(descriptor.digest, { descriptor, read: () => only(bytes) });
    }
  }
  return [...blobs.values()];
}

async function* readChecked(
  source: ImageSource,
  descriptor: Descriptor,
  signal: AbortSignal,
  onProgress: CopyOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const blob = new VerifiedBlob(source.blob(descriptor, signal), digest, size);
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
