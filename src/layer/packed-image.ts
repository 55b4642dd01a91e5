import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BerthError } from '../errors.ts';
import { digestOf } from '../image/descriptor.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor, ImageManifest } from '../image/image.ts';
import { OCI_MANIFEST } from '../image/media-type.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { readBlob } from '../store/blob.ts';
import { readStoredConfig, readStoredManifest } from '../store/image-parts.ts';
import type { StoredImage } from '../store/images.ts';
import type { Store } from '../store/store.ts';
import type { ImageSource } from '../transport/source.ts';
import { packLayer } from './pack-layer.ts';

export interface PackOptions {
  store: Store;
  image: Pick<StoredImage, 'name' | 'digest'>;
  /** An empty directory for what is packed; the caller removes it. */
  directory: string;
  /** True for a layer, as it was pulled, that need not be made anew where the image goes. */
  has(layer: Descriptor): Promise<boolean>;
  signal: AbortSignal;
}

interface PackedLayer {
  diffId: Digest;
  descriptor: Descriptor;
  /** Undefined for a layer that stays as it was pulled, which nobody asks for. */
  file: string | undefined;
}

/** OCI image spec, annotations: a key of berth's own, for the digest of the manifest that an image was made from. */
const MADE_FROM = 'berth.made-from.digest';

/**
 * An image of the store to be copied elsewhere. Layers are kept as files, not as the archives that they came
 * in, so those that the destination lacks are packed anew: with other digests and diff IDs, and then config
 * and manifest name these, and are the same in all else. Throws `store-damaged`, `no-space`, `io`,
 * `interrupted`, and what `has` throws.
 */
export async function openPackedImage(options: PackOptions): Promise<ImageSource> {
  const { image, directory, signal } = options;
  try {
    return await packImage(options);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: packing ${image.name}`, { cause })
      : fileSystemError(cause, `cannot pack ${image.name}`, directory);
  }
}

async function packImage(options: PackOptions): Promise<ImageSource> {
  const { store, image } = options;
  const manifest = readStoredManifest(store, image.digest);
  const { diffIds } = readStoredConfig(store, manifest.config.digest);
  const layers: PackedLayer[] = [];
  for (const [index, descriptor] of manifest.layers.entries()) {
    const diffId = diffIds[index];
    if (diffId === undefined) throw new TypeError('a layer without a diff ID');
    const isThere = await options.has(descriptor);
    layers.push(
      isThere ? { diffId, descriptor, file: undefined } : await pack(diffId, index, manifest, options),
    );
  }
  return new PackedImage(image.name, describe(options, manifest, layers), layers);
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
    const file = this.#layers.find(({ descriptor }) => descriptor.digest === digest)?.file;
    if (file === undefined) throw new BerthError('image-not-found', `not in the store: ${digest}`);
    return createReadStream(file);
  }

  async close(): Promise<void> {}
}

interface Documents {
  top: TopDocument;
  config: Buffer;
}

async function pack(
  diffId: Digest,
  index: number,
  { mediaType }: ImageManifest,
  { store, directory, signal }: PackOptions,
): Promise<PackedLayer> {
  const file = join(directory, `${index}.tar.gz`);
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  await pipeline(
    Readable.from(
      tap(packLayer(store, diffId), (chunk) => {
        plain.update(chunk);
      }),
    ),
    createGzip(),
    (chunks: AsyncIterable<Buffer>) =>
      tap(chunks, (chunk) => {
        packed.update(chunk);
        size += chunk.length;
      }),
    createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    { signal },
  );
  const digest = `sha256:${packed.digest('hex')}` as Digest;
  const descriptor = { mediaType: layerType(mediaType), digest, size };
  return { diffId: `sha256:${plain.digest('hex')}` as Digest, descriptor, file };
}

async function* tap(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  look: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    look(chunk);
    yield chunk;
  }
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
  if (layers.every(({ file }) => file === undefined)) {
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
