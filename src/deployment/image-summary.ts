import type { Digest } from '../image/digest.ts';
import { formatPlatform } from '../image/platform.ts';
import { readStoredManifest } from '../store/image-parts.ts';
import { readImages } from '../store/images.ts';
import type { Store } from '../store/store.ts';

/** A line of `berth images`. */
export interface ImageSummary {
  /** Fully qualified. */
  name: string;
  digest: Digest;
  /** Bytes that a registry sends for the whole image: layers as they are compressed there, and config. */
  size: number;
  /** Such as linux/arm64; null where it is not known. */
  platform: string | null;
}

/** All images of a store, sorted by name. Throws `store-damaged`. */
export function summarizeImages(store: Store): ImageSummary[] {
  return readImages(store).map(({ name, digest, mediaType, platform }) => {
    const { config, layers } = readStoredManifest(store, digest, mediaType);
    const size = layers.reduce((sum, layer) => sum + layer.size, config.size);
    return { name, digest, size, platform: platform === undefined ? null : formatPlatform(platform) };
  });
}
