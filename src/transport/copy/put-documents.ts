import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { readGzipped } from '../files/spool-gzip.ts';
import type { ImageSource } from '../source.ts';
import type { CompressedDocuments } from './compress-layers.ts';
import { inParallel } from './in-parallel.ts';
import { type CopyProgress, readChecked } from './read-checked.ts';
import type { CopyDocument } from './read-documents.ts';

interface PutOptions {
  signal: AbortSignal;
  onProgress: (progress: CopyProgress) => void;
}

/** Blobs of an image: layers and configs. */
export interface CopyCounts {
  blobs: number;
  /** Those that were not there, and their bytes. */
  copiedBlobs: number;
  copiedBytes: number;
}

/**
 * Puts documents and all that they name, and then the name: what is there is not sent, and all else is checked
 * while it passes. Throws what source and destination throw.
 */
export async function putDocuments(
  { documents, gzipped }: CompressedDocuments,
  source: ImageSource,
  destination: ImageDestination,
  { signal, onProgress }: PutOptions,
): Promise<CopyCounts> {
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
  return { blobs: blobs.length, copiedBlobs: missing.length, copiedBytes: bytes };
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

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
