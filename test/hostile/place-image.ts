import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/image/descriptor.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/image/media-type.ts';
import type { FakeRegistry } from '../unit/transport/fake-registry.ts';
import type { Attack } from './attack.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** A layer as a manifest and a config speak of it, truly or not. */
export interface PlacedLayer {
  blob: Buffer;
  mediaType?: string;
  /** Of the archive; that of `blob` without it. */
  diffId?: string;
  /** Put over its descriptor. */
  lies?: object;
}

/** Parts of an image; what is left out is in order. */
export interface PlacedImage {
  layers?: PlacedLayer[];
  /** Put over the image config. */
  config?: object;
  /** Put over the manifest. */
  manifest?: object;
}

/** Puts an image together, lies included, and into a registry as `repository:latest`. */
export function placeImage(registry: FakeRegistry, repository: string, image: PlacedImage): void {
  const { layers = [], config = {}, manifest = {} } = image;
  const descriptors = layers.map(({ blob, mediaType = LAYER, lies }) => ({
    ...registry.addBlob(blob, mediaType),
    ...lies,
  }));
  const diff_ids = layers.map(({ blob, diffId }) => diffId ?? digestOf(blob));
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/bin/server'] },
      rootfs: { type: 'layers', diff_ids },
      ...config,
    }),
  );
  registry.addManifest(repository, 'latest', {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: registry.addBlob(configBytes, OCI_CONFIG),
    layers: descriptors,
    ...manifest,
  });
}

/** A layer of an archive, compressed with gzip. */
export function gzipLayer(archive: Buffer): PlacedLayer {
  return { blob: gzipSync(archive), mediaType: `${LAYER}+gzip`, diffId: digestOf(archive) };
}

/** An attack by archives, lowest layer first. They are built only when it is tried. */
export function byLayers(
  name: string,
  outcome: Attack['outcome'],
  build: () => Buffer | Buffer[],
  more: Partial<Attack> = {},
): Attack {
  return byImage(name, outcome, () => ({ layers: [build()].flat().map(gzipLayer) }), more);
}

/** An attack by an image of which any part may lie. */
export function byImage(
  name: string,
  outcome: Attack['outcome'],
  build: () => PlacedImage,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    outcome,
    place: (registry, repository) => placeImage(registry, repository, build()),
    ...more,
  };
}
