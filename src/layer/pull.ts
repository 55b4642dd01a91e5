import { existsSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { ImageConfig, Platform, ResolvedImage } from '../image/image.ts';
import { checkLimit, type Limits, readLimits } from '../image/limits.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { WriteBack } from '../linux/write-back.ts';
import { putBlob } from '../store/blob.ts';
import { commitLayers } from '../store/commit.ts';
import type { StoredImage } from '../store/images.ts';
import { type LayerEntry, type LayerRecord, readLayerRecord } from '../store/layer-record.ts';
import { requireSpace, type SpaceNeed } from '../store/space.ts';
import { openStaging, type Staging } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import type { ImageSource } from '../transport/source.ts';
import { ExtractThreads } from './extract-threads.ts';
import type { FetchProgress, MissingLayer } from './fetch-layers.ts';
import { fetchOrKeep } from './fetch-or-keep.ts';
import type { ImageTree } from './image-tree.ts';
import type { ImageTrees } from './image-trees.ts';
import { lookUpImage } from './look-up.ts';
import { readUsableLayer } from './stored-layer.ts';
import { uniteLayers } from './union.ts';

export interface PullOptions {
  platform: Platform;
  /** What the source has for the platform, where that was looked up before. */
  image?: ResolvedImage;
  limits?: Limits;
  /** Layers to fetch even if they look whole: their content is known to be damaged. */
  refetch?: ReadonlySet<Digest>;
  /** Keeps the root file system for the caller. */
  trees?: ImageTrees;
  signal?: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
}

const NONE: ReadonlySet<Digest> = new Set();
const NEVER = new AbortController().signal;

/** Its record, its directory in staging, and at least one object. */
const INODES_OF_A_LAYER = 3;

/** What a pull tells while it runs; sizes in bytes. */
export type PullProgress =
  /** The image is known: so many layers, of which some are in the store and others are to be fetched. */
  | { kind: 'resolved'; name: string; digest: Digest; layers: number; present: number; bytes: number }
  | FetchProgress
  /** Everything is fetched and checked; it is put into the store now. */
  | { kind: 'committing'; layers: number }
  | { kind: 'pulled'; name: string; digest: Digest; fetchedBytes: number };

/** An image that is in the store. */
export interface PulledImage {
  name: string;
  manifestDigest: Digest;
  configDigest: Digest;
  /** Lowest layer first; the same one may come twice. */
  diffIds: Digest[];
  config: ImageConfig;
  labels: Record<string, string>;
  /** Of layers, compressed; 0 when all were there. */
  fetchedBytes: number;
  fetchedLayers: number;
  /** What to record under the image's name, once it is to be kept. */
  stored: StoredImage;
  /** Of all layers, uncompressed. */
  size: number;
}

/**
 * Brings an image into the store; the caller records its name. Layers that are there are not fetched again.
 * Everything is checked before anything is committed. When fetching fails or is interrupted, the layers
 * that were finished stay for the next try, and nothing else; of an image that is refused, or for which
 * there is no room, nothing stays. One that cannot fit is refused before anything is fetched. What one place
 * has damaged is fetched from the source's next. The caller holds the writer's lock. Throws `no-space`,
 * `manifest-invalid`, `interrupted`, and what the source, `extractLayer` and `uniteLayers` throw.
 */
export async function pullImage(
  store: Store,
  source: ImageSource,
  options: PullOptions,
): Promise<PulledImage> {
  const { platform, limits = readLimits(), signal = NEVER } = options;
  const image = options.image ?? (await lookUpImage(source, { platform, limits, signal }));
  for (;;) {
    const threads = new ExtractThreads();
    try {
      // They take as long to start as it takes to look at what is in the store.
      threads.start(countAbsent(store, image.config));
      return await pullLayers(store, source, image, { ...options, threads });
    } catch (error) {
      // What was whole is in the store by now, and is not fetched again.
      if (!isDamage(error) || source.passOver?.() !== true) throw error;
    } finally {
      await threads.end();
    }
  }
}

/** Layers that are to be fetched for sure: what is there may be damaged. */
function countAbsent(store: Store, { diffIds }: ImageConfig): number {
  return [...new Set(diffIds)].filter((diffId) => !existsSync(store.readableLayer(diffId))).length;
}

function isDamage(error: unknown): boolean {
  return error instanceof BerthError && (error.code === 'digest-mismatch' || error.code === 'size-mismatch');
}

async function pullLayers(
  store: Store,
  source: ImageSource,
  image: ResolvedImage,
  options: PullOptions & { threads: ExtractThreads },
): Promise<PulledImage> {
  const { limits = readLimits(), refetch = NONE, signal = NEVER } = options;
  const { threads, trees, onProgress = () => {} } = options;
  trees?.forget();
  const { present, missing } = findMissing(store, image, refetch);
  const bytes = missing.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const layers = present.size + missing.length;
  const digest = image.descriptor.digest;
  // What a pull that died left is removed by this, and its space counts as free.
  const staging = missing.length === 0 ? undefined : openStaging(store);
  let size: number;
  try {
    if (missing.length > 0) requireSpace(store, leastNeed(missing), `cannot pull ${source.name}`);
    onProgress({ kind: 'resolved', name: source.name, digest, layers, present: present.size, bytes });
    const writeBack = new WriteBack(store.directory);
    if (staging !== undefined) {
      const fetch = { source, staging, writeBack, missing, threads, limits, signal, onProgress };
      await fetchOrKeep(store, fetch);
    }
    const readRecord = (diffId: Digest) =>
      present.get(diffId) ?? readLayerRecord(staging?.record(diffId) ?? store.layer(diffId), diffId);
    const checked = checkImage(image, readRecord, limits);
    size = checked.size;
    trees?.keep(image.config.diffIds, checked.tree);
    onProgress({ kind: 'committing', layers: missing.length });
    await writeBack.finish();
    commit(store, image, staging, missing);
  } catch (error) {
    throw signal.aborted ? interrupted(source.name, error) : error;
  } finally {
    staging?.remove();
  }
  onProgress({ kind: 'pulled', name: source.name, digest, fetchedBytes: bytes });
  return {
    name: source.name,
    manifestDigest: digest,
    configDigest: image.manifest.config.digest,
    diffIds: image.config.diffIds,
    config: image.config,
    labels: image.config.labels,
    fetchedBytes: bytes,
    fetchedLayers: missing.length,
    size,
    stored: describeStored(source.name, image),
  };
}

// How far a layer expands is known only when it is there, but hardly any needs less than it has now.
function leastNeed(missing: MissingLayer[]): SpaceNeed {
  const bytes = missing.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  return { bytes, inodes: missing.length * INODES_OF_A_LAYER };
}

function describeStored(name: string, { descriptor, config }: ResolvedImage): StoredImage {
  const { mediaType, digest, size } = descriptor;
  const { os, architecture, variant } = config;
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return { name, mediaType, digest, size, platform };
}

// A diff ID that comes twice is one layer of the store. Of those that are there, the records were read.
function findMissing(store: Store, { manifest, config }: ResolvedImage, refetch: ReadonlySet<Digest>) {
  const present = new Map<Digest, LayerRecord>();
  const missing = new Map<Digest, MissingLayer>();
  for (const [index, diffId] of config.diffIds.entries()) {
    const descriptor = manifest.layers[index];
    if (descriptor === undefined || present.has(diffId) || missing.has(diffId)) continue;
    const record = refetch.has(diffId) ? undefined : readUsableLayer(store, diffId);
    if (record === undefined) missing.set(diffId, { diffId, descriptor });
    else present.set(diffId, record);
  }
  return { present, missing: [...missing.values()] };
}

/** Checks that its layers make a root file system. Returns that, and their size, uncompressed. */
function checkImage(
  image: ResolvedImage,
  readRecord: (diffId: Digest) => LayerRecord,
  limits: Limits,
): { tree: ImageTree; size: number } {
  let [entries, size] = [0, 0];
  const read = function* (): Generator<LayerEntry[]> {
    for (const diffId of image.config.diffIds) {
      const record = readRecord(diffId);
      entries += record.entries.length;
      size += record.size;
      checkLimit(limits, 'entries', entries, 'entries of an image');
      checkLimit(limits, 'imageBytes', size, 'uncompressed size of an image');
      yield record.entries;
    }
  };
  try {
    const tree = uniteLayers(read(), limits);
    return { tree, size };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { code, hint, message } = error;
    throw new BerthError(code, `cannot unpack the image: ${image.descriptor.digest}: ${message}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function commit(
  store: Store,
  image: ResolvedImage,
  staging: Staging | undefined,
  missing: MissingLayer[],
): void {
  const { descriptor, manifest } = image;
  try {
    if (staging !== undefined) {
      commitLayers(
        store,
        staging,
        missing.map(({ diffId }) => diffId),
      );
    }
    putBlob(store, manifest.config.digest, image.configBytes);
    putBlob(store, descriptor.digest, image.manifestBytes);
  } catch (error) {
    throw fileSystemError(error, 'cannot commit to the store', store.directory);
  }
}

function interrupted(name: string, cause: unknown): BerthError {
  return new BerthError('interrupted', `interrupted: pulling ${name}`, { cause });
}
