import { BerthError } from '../errors.ts';
import { Budget } from '../image/budget.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor } from '../image/image.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import { layerCompression } from '../image/media-type.ts';
import type { WriteBack } from '../linux/write-back.ts';
import type { Staging } from '../store/staging.ts';
import type { ImageSource } from '../transport/source.ts';
import { type ExtractedLayer, type ExtractJob, extractLayer } from './extract.ts';
import type { ExtractThread } from './extract-thread.ts';
import type { ExtractThreads } from './extract-threads.ts';
import { SourceBytes } from './source-bytes.ts';

/** A layer that is not in the store. */
export interface MissingLayer {
  diffId: Digest;
  descriptor: Descriptor;
}

/** What fetching tells while it runs: `digest` is that of the blob, sizes are in bytes. */
export type FetchProgress =
  | { kind: 'layer-started'; digest: Digest; size: number }
  /** So many of `size` bytes have been fetched by now. */
  | { kind: 'layer-progress'; digest: Digest; fetched: number; size: number }
  /** Fetched, checked and unpacked. */
  | { kind: 'layer-done'; digest: Digest; size: number; entries: number };

export interface FetchOptions {
  source: ImageSource;
  staging: Staging;
  /** Of the file system of `staging`. */
  writeBack: WriteBack;
  missing: MissingLayer[];
  /** They are of no more use afterwards. */
  threads: ExtractThreads;
  limits: Limits;
  signal: AbortSignal | undefined;
  onProgress: (progress: FetchProgress) => void;
  /** Hears of each layer that is whole in staging: fetched, checked and unpacked. */
  onFinished: (diffId: Digest) => void;
}

/** Compressed bytes after which what was made of them goes to the disk. */
const WRITE_BACK_AFTER = 16 << 20;

/**
 * Fetches layers and unpacks them into staging, two at a time. When this returns or throws, no thread
 * writes any more, but `writeBack` may. Throws what the source and `extractLayer` throw, `limit-exceeded`,
 * `interrupted`.
 */
export async function fetchLayers(options: FetchOptions): Promise<void> {
  const { writeBack, missing, threads, limits, signal } = options;
  // The largest first: one that begins late would keep one thread busy when all others have nothing to do.
  const queue = missing
    .toSorted((a, b) => b.descriptor.size - a.descriptor.size)
    .map((layer) => ({ layer, job: makeJob(layer, options) }));
  const stop = new AbortController();
  const sum = { entries: 0, imageBytes: 0, recordBytes: 0 };
  let unwritten = 0;
  const shared: Shared = {
    signal: stop.signal,
    windows: new Budget(limits.zstdWindowBytes),
    onBytes: (bytes) => {
      unwritten += bytes;
      if (unwritten < WRITE_BACK_AFTER) return;
      unwritten = 0;
      writeBack.start();
    },
  };
  const serve = async (thread: ExtractThread) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const layer = await fetchLayer(thread, next, shared, options);
      addUp(sum, layer, limits);
    }
  };
  try {
    await Promise.race([
      Promise.all(threads.start(queue.length).map(serve)),
      rejectOnAbort(signal, stop.signal),
    ]);
  } finally {
    stop.abort();
    await threads.end();
  }
  writeBack.startLast();
}

function makeJob({ diffId, descriptor }: MissingLayer, { staging, limits }: FetchOptions): ExtractJob {
  return {
    blobDigest: descriptor.digest,
    blobSize: descriptor.size,
    compression: layerCompression(descriptor.mediaType),
    diffId,
    objects: staging.objects,
    unfinished: staging.unfinished(diffId),
    record: staging.record(diffId),
    limits,
  };
}

/** What all layers of a pull have together. */
interface Shared {
  signal: AbortSignal;
  windows: Budget;
  onBytes(bytes: number): void;
}

async function fetchLayer(
  thread: ExtractThread,
  { layer: { descriptor }, job }: { layer: MissingLayer; job: ExtractJob },
  { signal, windows, onBytes }: Shared,
  { source, onProgress, onFinished }: FetchOptions,
): Promise<ExtractedLayer> {
  const { digest, size } = descriptor;
  let fetched = 0;
  onProgress({ kind: 'layer-started', digest, size });
  const bytes = new SourceBytes(source.blob(descriptor, signal), {
    signal,
    onBytes: (count) => {
      fetched += count;
      onBytes(count);
      onProgress({ kind: 'layer-progress', digest, fetched, size });
    },
  });
  const layer = await extractLayer(job, bytes, thread, windows);
  onFinished(layer.diffId);
  onProgress({ kind: 'layer-done', digest, size, entries: layer.entries });
  return layer;
}

function addUp(
  sum: { entries: number; imageBytes: number; recordBytes: number },
  layer: ExtractedLayer,
  limits: Limits,
): void {
  sum.entries += layer.entries;
  sum.imageBytes += layer.size;
  sum.recordBytes += layer.recordBytes;
  checkLimit(limits, 'entries', sum.entries, 'entries of an image');
  checkLimit(limits, 'imageBytes', sum.imageBytes, 'uncompressed size of an image');
  checkLimit(limits, 'recordBytes', sum.recordBytes, 'names and attributes of an image');
}

// A source may be slow to notice; an interrupted command should not be. Ends with `done`, so that no
// listener stays on a signal that lives longer.
function rejectOnAbort(signal: AbortSignal | undefined, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new BerthError('interrupted', 'interrupted: fetching layers'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true, signal: done });
  });
}
