import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import type { DockerArchiveReference } from '../../reference/image-reference.ts';
import type { DescribedImage } from '../described-image.ts';
import { type ImageFiles, readBlobFile } from '../files/image-files.ts';
import type { ImageSource } from '../source.ts';
import { chooseItem } from './choose-item.ts';
import { describeItem } from './describe-item.ts';

/**
 * An image in what `docker save` writes. That has no manifest: one is made from the content, the same
 * from the same at any time, so that a later look finds out whether there is something new.
 */
export class DockerArchiveSource implements ImageSource {
  readonly name: string;
  readonly #reference: DockerArchiveReference;
  readonly #files: ImageFiles;
  readonly #limits: Limits;
  #described: Promise<DescribedImage> | undefined;

  /** `name` is that of the source; an archive may have come from elsewhere than from a file. */
  constructor(name: string, reference: DockerArchiveReference, files: ImageFiles, limits: Limits) {
    this.name = name;
    this.#reference = reference;
    this.#files = files;
    this.#limits = limits;
  }

  /** Throws `image-not-found`, `archive-invalid`, `usage` where the reference must say which image. */
  async top(): Promise<TopDocument> {
    return (await this.#image()).top;
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new BerthError('image-not-found', `no such manifest: ${this.name}: ${digest}`);
  }

  async config(): Promise<Buffer> {
    return (await this.#image()).config;
  }

  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Buffer> {
    const file = (await this.#image()).layers.get(descriptor.digest);
    if (file === undefined) {
      throw new BerthError('image-not-found', `no such blob: ${this.name}: ${descriptor.digest}`);
    }
    yield* readBlobFile(this.#files, file, descriptor, signal);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  #image(): Promise<DescribedImage> {
    this.#described ??= this.#describe();
    return this.#described;
  }

  async #describe(): Promise<DescribedImage> {
    const item = await chooseItem(this.#files, this.#reference, this.#limits);
    return describeItem(this.#files, item, this.#limits);
  }
}
