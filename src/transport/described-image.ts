import { parseImageConfig } from '../image/config.ts';
import { digestOf } from '../image/descriptor.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor } from '../image/image.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import { DOCKER_CONFIG, DOCKER_MANIFEST } from '../image/media-type.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import { archiveInvalid } from './files/image-files.ts';

/** The type of a layer without compression; the name of a compression behind a dot makes it that of a compressed one. */
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

/** An image that was kept without its manifest, with one that was made for it. */
export interface DescribedImage {
  top: TopDocument;
  config: Buffer;
  /** Where the layers are in their source, by the digests that the manifest names them by. */
  layers: Map<Digest, string>;
}

/**
 * Makes the manifest of an image from its config and its layers, the lowest first. It depends on nothing
 * else: the same content has the same digest at any time.
 */
export function describeImage(
  config: Buffer,
  layers: readonly { descriptor: Descriptor; where: string }[],
): DescribedImage {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { mediaType: DOCKER_CONFIG, size: config.length, digest: digestOf(config) },
      layers: layers.map(({ descriptor: { mediaType, size, digest } }) => ({ mediaType, size, digest })),
    }),
  );
  return {
    top: { descriptor: { mediaType: DOCKER_MANIFEST, digest: digestOf(bytes), size: bytes.length }, bytes },
    config,
    layers: new Map(layers.map(({ descriptor, where }) => [descriptor.digest, where])),
  };
}

/** The layers of an image with the diff IDs that its config gives them. Throws `archive-invalid`, `image-config-invalid`, `limit-exceeded`. */
export function pairLayers<Layer>(
  layers: readonly Layer[],
  config: Buffer,
  place: string,
  limits: Limits,
): { layer: Layer; diffId: Digest }[] {
  const { diffIds } = parseImageConfig(config, limits);
  if (diffIds.length !== layers.length) {
    throw archiveInvalid(place, `${layers.length} layers, and ${diffIds.length} in the config`);
  }
  checkLimit(limits, 'layers', diffIds.length, 'layers of an image');
  return layers.flatMap((layer, position) => {
    const diffId = diffIds[position];
    return diffId === undefined ? [] : { layer, diffId };
  });
}
