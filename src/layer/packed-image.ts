import { BerthError } from '../errors.ts';
import { digestOf } from '../image/descriptor.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor, ImageManifest } from '../image/image.ts';
import { NO_LIMITS } from '../image/limits.ts';
import { OCI_MANIFEST } from '../image/media-type.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import { readBlob } from '../store/blob.ts';
import { readStoredConfig, readStoredManifest } from '../store/image-parts.ts';
import type { StoredImage } from '../store/images.ts';
import type { Store } from '../store/store.ts';
import { type GzippedLayer, readGzipped, spoolGzip } from '../transport/files/spool-gzip.ts';
import type { ImageSource } from '../transport/source.ts';
import { packLayer } from './pack-layer.ts';

export interface PackOptions {
  store: Store;
  image: Pick<StoredImage, 'name' | 'digest'>;
  /** True for a layer, as it was pulled, that need not be made anew where the image goes. */
  has(layer: Descriptor): Promise<boolean>;
  signal: AbortSignal;
}

interface PackedLayer {
  diffId: Digest;
  descriptor: Descriptor;
  /** Undefined for a layer that stays as it was pulled, which nobody asks for. */
  packed: GzippedLayer | undefined;
}

/** OCI image spec, annotations: a key of berth's own, for the digest of the manifest that an image was made from. */
const MADE_FROM = 'berth.made-from.digest';

/**
 * An image of the store to be copied elsewhere. Layers are kept as files, not as the archives that they came
 * in, so those that the destination lacks are packed anew: with other digests and diff IDs, and then config
 * and manifest name these, and are the same in all else. Throws `store-damaged`, `no-space`, `io`,
 * `interrupted`, and what `has` throws. To be closed when done.
 */
export async function openPackedImage(options: PackOptions): Promise<ImageSource> {
  const { store, image, signal } = options;
  const manifest = readStoredManifest(store, image.digest);
  const { diffIds } = readStoredConfig(store, manifest.config.digest);
  const layers: PackedLayer[] = [];
  try {
    for (const [index, descriptor] of manifest.layers.entries()) {
      const diffId = diffIds[index];
      if (diffId === undefined) throw new TypeError('a layer without a diff ID');
      const isThere = await options.has(descriptor);
      layers.push(
        isThere ? { diffId, descriptor, packed: undefined } : await pack(diffId, manifest, options),
      );
    }
    return new PackedImage(image.name, describe(options, manifest, layers), layers);
  } catch (cause) {
    await closeAll(layers);
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: packing ${image.name}`, { cause })
      : cause;
  }
}

class PackedImage implements ImageSource {
  readonly name: string;
  readonly #documents: Documents;
  readonly #layers: PackedLayer[];

  constructor(name: string, documents: Documents, layers: PackedLayer[]) {
    this.name = name;
    this.#documents = documents;
    this.#layers = layers;
  }

  async top(): Promise<TopDocument> {
    return this.#documents.top;
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new BerthError('image-not-found', `not in the store: ${digest}`);
  }

  async config(): Promise<Buffer> {
    return this.#documents.config;
  }

  blob({ digest }: Descriptor): AsyncIterable<Uint8Array> {
    const packed = this.#layers.find(({ descriptor }) => descriptor.digest === digest)?.packed;
    if (packed === undefined) throw new BerthError('image-not-found', `not in the store: ${digest}`);
    return readGzipped(packed);
  }

  async close(): Promise<void> {
    await closeAll(this.#layers);
  }
}

async function closeAll(layers: PackedLayer[]): Promise<void> {
  for (const { packed } of layers) await packed?.file.close();
}

interface Documents {
  top: TopDocument;
  config: Buffer;
}

async function pack(
  diffId: Digest,
  { mediaType }: ImageManifest,
  { store, image, signal }: PackOptions,
): Promise<PackedLayer> {
  const what = `cannot pack ${image.name}`;
  const packed = await spoolGzip(packLayer(store, diffId), { limits: NO_LIMITS, what, signal });
  const { digest, size } = packed;
  return { diffId: packed.diffId, descriptor: { mediaType: layerType(mediaType), digest, size }, packed };
}

function layerType(manifestType: string): string {
  return manifestType === OCI_MANIFEST
    ? 'application/vnd.oci.image.layer.v1.tar+gzip'
    : 'application/vnd.docker.image.rootfs.diff.tar.gzip';
}

/** Config and manifest as they are in the store, byte for byte, unless a layer is another one. */
function describe({ store, image }: PackOptions, manifest: ImageManifest, layers: PackedLayer[]): Documents {
  const bytes = readBlob(store, image.digest);
  const config = readBlob(store, manifest.config.digest);
  if (layers.every(({ packed }) => packed === undefined)) {
    const descriptor = { mediaType: manifest.mediaType, digest: image.digest, size: bytes.length };
    return { top: { descriptor, bytes }, config };
  }
  const oldConfig = JSON.parse(config.toString('utf8'));
  const diffIds = layers.map(({ diffId }) => diffId);
  const newConfig = toBytes({ ...oldConfig, rootfs: { ...oldConfig.rootfs, diff_ids: diffIds } });
  const oldManifest = JSON.parse(bytes.toString('utf8'));
  const isOci = manifest.mediaType === OCI_MANIFEST;
  const newManifest = toBytes({
    ...oldManifest,
    config: { ...oldManifest.config, digest: digestOf(newConfig), size: newConfig.length },
    layers: layers.map(({ descriptor }) => descriptor),
    // Docker's manifests have no place for it.
    ...(isOci && { annotations: { ...oldManifest.annotations, [MADE_FROM]: image.digest } }),
  });
  const size = newManifest.length;
  const descriptor = { mediaType: manifest.mediaType, digest: digestOf(newManifest), size };
  return { top: { descriptor, bytes: newManifest }, config: newConfig };
}

function toBytes(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}
