import { parseImageConfig } from '../image/config.ts';
import type { Digest } from '../image/digest.ts';
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
  const { config } = parseManifest(readBlob(store, manifestDigest));
  const { diffIds } = parseImageConfig(readBlob(store, config.digest));
  return { manifestDigest, configDigest: config.digest, diffIds };
}
