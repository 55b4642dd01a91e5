import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Digest } from '../../../src/image/digest.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import type { TopDocument } from '../../../src/image/resolve-image.ts';
import type { ImageSource } from '../../../src/transport/source.ts';

const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** A layer of a `FakeSource`: what its manifest says, and the bytes that it gives. */
export interface FakeLayer {
  descriptor: Descriptor;
  diffId: Digest;
  blob: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The layer of an archive, compressed with gzip unless a blob is given. */
export function layerOf(archive: Buffer, mediaType = GZIP, blob: Buffer = gzipSync(archive)): FakeLayer {
  return {
    descriptor: { mediaType, digest: sha256(blob), size: blob.length },
    diffId: sha256(archive),
    blob,
  };
}

/** An image in memory, in place of a registry; counts what is fetched. */
export class FakeSource implements ImageSource {
  readonly name: string;
  readonly fetched: Digest[] = [];
  readonly #layers: FakeLayer[];

  constructor(layers: FakeLayer[], name = 'docker.example/library/test:latest') {
    this.#layers = layers;
    this.name = name;
  }

  async top(): Promise<TopDocument> {
    const config = this.#configBytes();
    const layers = this.#layers.map(({ descriptor }) => descriptor);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const configDescriptor = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(config),
      size: config.length,
    };
    const manifest = { schemaVersion: 2, mediaType, config: configDescriptor, layers };
    const bytes = Buffer.from(JSON.stringify(manifest));
    return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes };
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new Error(`no such manifest: ${digest}`);
  }

  async config(): Promise<Buffer> {
    return this.#configBytes();
  }

  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const layer = this.#layers.find(({ descriptor: { digest } }) => digest === descriptor.digest);
    if (layer === undefined) throw new Error(`no such blob: ${descriptor.digest}`);
    this.fetched.push(descriptor.digest);
    if (typeof layer.blob === 'function') {
      for await (const chunk of layer.blob()) {
        signal.throwIfAborted();
        yield new Uint8Array(chunk);
      }
      return;
    }
    // Pieces of a size that fits nothing, so that every boundary is crossed somewhere.
    for (let at = 0; at < layer.blob.length; at += 10_007) {
      signal.throwIfAborted();
      yield new Uint8Array(layer.blob.subarray(at, at + 10_007));
    }
  }

  async close(): Promise<void> {}

  #configBytes(): Buffer {
    const rootfs = { type: 'layers', diff_ids: this.#layers.map(({ diffId }) => diffId) };
    return Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs }));
  }
}
