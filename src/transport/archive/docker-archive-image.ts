import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import type { DockerArchiveReference } from '../../reference/image-reference.ts';
import type { DescribedImage } from '../described-image.ts';
import { type ImageFiles, readBlobFile } from '../files/image-files.ts';
import type { KeptImage } from '../kept-image-source.ts';
import { chooseItem } from './choose-item.ts';
import { describeItem } from './describe-item.ts';

/** An image in what `docker save` writes. */
export class DockerArchiveImage implements KeptImage {
  readonly #reference: DockerArchiveReference;
  readonly #files: ImageFiles;
  readonly #limits: Limits;

  constructor(reference: DockerArchiveReference, files: ImageFiles, limits: Limits) {
    this.#reference = reference;
    this.#files = files;
    this.#limits = limits;
  }

  /** Throws `usage`, too, where the reference must say which image of several. */
  async describe(): Promise<DescribedImage> {
    const item = await chooseItem(this.#files, this.#reference, this.#limits);
    return describeItem(this.#files, item, this.#limits);
  }

  layer(where: string, descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlobFile(this.#files, where, descriptor, signal);
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}
