import { checkBytes } from '../../image/descriptor.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';
import { parseManifest } from '../../image/manifest.ts';
import type { OstreeReference } from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';
import { type DescribedImage, DOCKER_LAYER, describeImage, pairLayers } from '../described-image.ts';
import { archiveInvalid } from '../files/image-files.ts';
import type { KeptImage } from '../kept-image-source.ts';
import { assembleLayer } from './assemble-layer.ts';
import { blobBranch, imageBranch } from './branch.ts';
import { OstreeRepository } from './ostree-repository.ts';

/**
 * An image that atomic(1) pulled into an ostree repository. A layer is there as its files and the headers
 * of its archive, of which the archive is made again, byte for byte; how it was compressed is gone. The
 * config, and with it the image's ID, is there as it was.
 */
export class OstreeImage implements KeptImage {
  readonly #reference: OstreeReference;
  readonly #limits: Limits;
  readonly #stop = new AbortController();
  #opened: OstreeRepository | undefined;

  constructor(reference: OstreeReference, limits: Limits) {
    this.#reference = reference;
    this.#limits = limits;
  }

  /** Throws `transport-unsupported`, too, where the host has no ostree(1). */
  async describe(): Promise<DescribedImage> {
    const commit = await this.#resolve(imageBranch(this.#reference.ref));
    const text = await this.#metadata(commit, 'docker.manifest', this.#limits.manifestBytes);
    const manifest = parseManifest(Buffer.from(text), undefined, this.#limits);
    const config = await this.#config(manifest.config);
    const layers = [];
    for (const { layer, diffId } of pairLayers(manifest.layers, config, this.#reference.path, this.#limits)) {
      layers.push(await this.#describeLayer(layer.digest, diffId));
    }
    return describeImage(config, layers);
  }

  async *layer(commit: string, _descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const text = await this.#metadata(commit, 'tarsplit.output', this.#limits.recordBytes);
    const packed = Buffer.from(text, 'base64');
    yield* assembleLayer(this.#repository, commit, { packed, limits: this.#limits, signal });
  }

  async close(): Promise<void> {
    this.#stop.abort();
  }

  get #repository(): OstreeRepository {
    this.#opened ??= new OstreeRepository(this.#reference.path);
    return this.#opened;
  }

  async #config(descriptor: Descriptor): Promise<Buffer> {
    const commit = await this.#resolve(blobBranch(descriptor.digest));
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#repository.cat(commit, ['/content'], this.#stop.signal)) {
      size += chunk.length;
      checkLimit(this.#limits, 'configBytes', size, 'size of the image config');
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    checkBytes(descriptor, bytes);
    return bytes;
  }

  async #describeLayer(blob: Digest, diffId: Digest): Promise<{ descriptor: Descriptor; where: string }> {
    const where = await this.#resolve(blobBranch(blob));
    const text = await this.#metadata(where, 'docker.uncompressed_size', 100);
    if (!/^[0-9]{1,15}$/.test(text)) throw this.#invalid(`the size of layer ${blob} is ${quote(text)}`);
    return { descriptor: { mediaType: DOCKER_LAYER, size: Number(text), digest: diffId }, where };
  }

  #resolve(branch: string): Promise<string> {
    return this.#repository.resolve(branch, this.#stop.signal);
  }

  async #metadata(commit: string, key: string, limit: number): Promise<string> {
    const value = await this.#repository.metadata(commit, key, limit, this.#stop.signal);
    if (value !== undefined) return value;
    throw this.#invalid(`commit ${commit.slice(0, 12)} has no ${quote(key)}`);
  }

  #invalid(cause: string): Error {
    return archiveInvalid(this.#reference.path, cause);
  }
}
