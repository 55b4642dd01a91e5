import { parseImageConfig } from '../image/config.ts';
import type { Digest } from '../image/digest.ts';
import type { ImageConfig, ImageManifest } from '../image/image.ts';
import { NO_LIMITS } from '../image/limits.ts';
import { parseManifest } from '../image/manifest.ts';
import { readBlob } from './blob.ts';
import type { Store } from './store.ts';

/** What a store holds of one image. */
export interface ImageParts {
  manifestDigest: Digest;
  configDigest: Digest;
  /** Lowest layer first. */
  diffIds: Digest[];
}

/** The parts of an image, from its manifest and config. Throws `store-damaged` when one of these is. */
export function readImageParts(store: Store, manifestDigest: Digest): ImageParts {
  const { config } = readStoredManifest(store, manifestDigest);
  const { diffIds } = readStoredConfig(store, config.digest);
  return { manifestDigest, configDigest: config.digest, diffIds };
}

/** A manifest that is in the store; `mediaType` is what it was called. Throws `store-damaged`. */
export function readStoredManifest(store: Store, digest: Digest, mediaType?: string): ImageManifest {
  return parseManifest(readBlob(store, digest), mediaType, NO_LIMITS);
}

/** The config of an image that is in the store. Throws `store-damaged`. */
export function readStoredConfig(store: Store, digest: Digest): ImageConfig {
  return parseImageConfig(readBlob(store, digest), NO_LIMITS);
}
