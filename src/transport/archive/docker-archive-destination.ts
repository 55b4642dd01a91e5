import { createHash } from 'node:crypto';
import { BerthError } from '../../errors.ts';
import { decompress } from '../../image/compression/decompress.ts';
import { parseImageConfig } from '../../image/config.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { parseManifest } from '../../image/manifest.ts';
import { isConfigType, layerCompression } from '../../image/media-type.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { type DockerArchiveReference, formatImageReference } from '../../reference/image-reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { hashing } from '../files/hashing.ts';
import { readRange } from '../files/read-range.ts';
import { spool } from '../files/spool.ts';
import { refuseIndex } from '../layout/layout-format.ts';
import { NewArchive } from './new-archive.ts';

/**
 * `docker-archive:`: what `docker load` reads, made anew. Layers stand in it uncompressed, under their diff
 * IDs, and there is no manifest: what that says beyond the config is lost, and with it its digest.
 */
export class DockerArchiveDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'one-image';
  readonly parallel = 1;
  readonly #archive: NewArchive;
  readonly #tag: string | undefined;
  readonly #limits: Limits;
  /** The diff IDs of the layers that were put, by the digest of their blobs. */
  readonly #diffIds = new Map<Digest, Digest>();
  readonly #configs = new Map<Digest, Buffer>();

  /** Throws `destination-exists`, and `reference-invalid` for what can only be read. */
  constructor(reference: DockerArchiveReference, limits: Limits) {
    refuseIndex(reference);
    this.name = formatImageReference(reference);
    this.#archive = new NewArchive(reference.path);
    this.#tag = reference.name;
    this.#limits = limits;
  }

  async has(): Promise<boolean> {
    return false;
  }

  async putBlob({ descriptor, read }: BlobOnTheWay, signal: AbortSignal): Promise<void> {
    if (isConfigType(descriptor.mediaType)) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of read(signal)) chunks.push(chunk);
      this.#configs.set(descriptor.digest, Buffer.concat(chunks));
    } else {
      await this.#putLayer(descriptor, read(signal), signal);
    }
  }

  async putManifest({ descriptor, bytes }: TopDocument): Promise<void> {
    const { config, layers } = parseManifest(bytes, descriptor.mediaType, this.#limits);
    const configBytes = this.#configs.get(config.digest) ?? Buffer.alloc(0);
    const { diffIds } = parseImageConfig(configBytes, this.#limits);
    for (const [index, diffId] of diffIds.entries()) this.#check(layers[index], diffId);
    const entry = {
      Config: `${digestHex(config.digest)}.json`,
      RepoTags: this.#tag === undefined ? null : [this.#tag],
      Layers: diffIds.map(layerName),
    };
    await this.#archive.add(entry.Config, configBytes.length, [configBytes]);
    const list = Buffer.from(JSON.stringify([entry]));
    await this.#archive.add('manifest.json', list.length, [list]);
  }

  async commit(): Promise<void> {
    await this.#archive.commit();
  }

  async close(): Promise<void> {
    await this.#archive.close();
  }

  // An archive says the size of a file before its content, so the layer is decompressed before it is added.
  async #putLayer(
    { digest, mediaType }: Descriptor,
    blob: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    // Whether a diff ID is of another kind is known only from the config, and nobody makes such.
    const hash = createHash('sha256');
    const archive = decompress(layerCompression(mediaType), blob, this.#limits);
    const what = `cannot decompress layer ${digest}`;
    const file = await spool(hashing(archive, hash), { limits: this.#limits, what, signal });
    try {
      const diffId = `sha256:${hash.digest('hex')}` as Digest;
      const isNew = ![...this.#diffIds.values()].includes(diffId);
      this.#diffIds.set(digest, diffId);
      const { size } = await file.stat();
      if (isNew) await this.#archive.add(layerName(diffId), size, readRange(file, 0, size, what));
    } finally {
      await file.close();
    }
  }

  #check(layer: Descriptor | undefined, diffId: Digest): void {
    const found = layer === undefined ? undefined : this.#diffIds.get(layer.digest);
    if (found === diffId) return;
    if (digestAlgorithm(diffId) !== 'sha256') {
      throw new BerthError(
        'digest-invalid',
        `cannot name a layer in a docker archive: ${diffId}: not SHA-256`,
      );
    }
    throw new BerthError(
      'digest-mismatch',
      `uncompressed content differs from the diff ID ${diffId}: it is ${found ?? 'missing'}`,
    );
  }
}

function layerName(diffId: Digest): string {
  return `${digestHex(diffId)}.tar`;
}
