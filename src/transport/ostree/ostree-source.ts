import { BerthError } from '../../errors.ts';
import { checkBytes } from '../../image/descriptor.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';
import { parseManifest } from '../../image/manifest.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { formatImageReference, type OstreeReference } from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';
import { type DescribedImage, DOCKER_LAYER, describeImage, pairLayers } from '../described-image.ts';
import { archiveInvalid } from '../files/image-files.ts';
import type { ImageSource } from '../source.ts';
import { assembleLayer } from './assemble-layer.ts';
import { blobBranch, imageBranch } from './branch.ts';
import { OstreeRepository } from './ostree-repository.ts';

/**
 * An image that atomic(1) pulled into an ostree repository. A layer is there as its files and the
 * headers of its archive, of which the archive is made again, byte for byte. How it was compressed is
 * gone: the image gets a manifest of its layers as they are, and keeps its config and diff IDs.
 */
export class OstreeSource implements ImageSource {
  readonly name: string;
  readonly #reference: OstreeReference;
  readonly #limits: Limits;
  readonly #stop = new AbortController();
  #described: Promise<DescribedImage> | undefined;
  #opened: OstreeRepository | undefined;

  constructor(reference: OstreeReference, limits: Limits) {
    this.name = formatImageReference(reference);
    this.#reference = reference;
    this.#limits = limits;
  }

  /** Throws `transport-unsupported` without ostree(1), `image-not-found`, `archive-invalid`. */
  async top(): Promise<TopDocument> {
    return (await this.#image()).top;
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new BerthError('image-not-found', `no such manifest: ${this.name}: ${digest}`);
  }

  async config(): Promise<Buffer> {
    return (await this.#image()).config;
  }

  async *blob({ digest }: Descriptor, signal: AbortSignal): AsyncGenerator<Buffer> {
    const commit = (await this.#image()).layers.get(digest);
    if (commit === undefined) {
      throw new BerthError('image-not-found', `no such blob: ${this.name}: ${digest}`);
    }
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

  #image(): Promise<DescribedImage> {
    this.#described ??= this.#describe();
    return this.#described;
  }

  async #describe(): Promise<DescribedImage> {
    const limits = this.#limits;
    const commit = await this.#resolve(imageBranch(this.#reference.ref));
    const text = await this.#metadata(commit, 'docker.manifest', limits.manifestBytes);
    const manifest = parseManifest(Buffer.from(text), undefined, limits);
    const config = await this.#config(manifest.config);
    const layers = [];
    for (const pair of pairLayers(manifest.layers, config, this.name, limits)) {
      layers.push(await this.#layer(pair.layer.digest, pair.diffId));
    }
    return describeImage(config, layers);
  }

  async #config(descriptor: Descriptor): Promise<Buffer> {
    checkLimit(this.#limits, 'configBytes', descriptor.size, 'size of the image config');
    const commit = await this.#resolve(blobBranch(descriptor.digest));
    const chunks: Buffer[] = [];
    for await (const chunk of this.#repository.cat(commit, ['/content'], this.#stop.signal))
      chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    checkBytes(descriptor, bytes);
    return bytes;
  }

  async #layer(blob: Digest, diffId: Digest): Promise<{ descriptor: Descriptor; where: string }> {
    const where = await this.#resolve(blobBranch(blob));
    const size = Number(await this.#metadata(where, 'docker.uncompressed_size', 100));
    if (!Number.isSafeInteger(size) || size < 0)
      throw archiveInvalid(this.name, `the size of ${blob} is none`);
    return { descriptor: { mediaType: DOCKER_LAYER, size, digest: diffId }, where };
  }

  #resolve(branch: string): Promise<string> {
    return this.#repository.resolve(branch, this.#stop.signal);
  }

  async #metadata(commit: string, key: string, limit: number): Promise<string> {
    const value = await this.#repository.metadata(commit, key, limit, this.#stop.signal);
    if (value !== undefined) return value;
    throw archiveInvalid(this.name, `commit ${commit.slice(0, 12)} has no ${quote(key)}`);
  }
}
