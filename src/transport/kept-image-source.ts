import { BerthError } from '../errors.ts';
import type { Descriptor } from '../image/image.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import type { DescribedImage } from './described-image.ts';
import type { ImageSource } from './source.ts';

/** An image where images are kept without their manifests. */
export interface KeptImage {
  /** Throws `image-not-found`, `archive-invalid`, and what reading throws. */
  describe(): Promise<DescribedImage>;
  /** The bytes of a layer, exactly as many as its descriptor says, or an error. */
  layer(where: string, descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** The source of such an image: its manifest is made when it is first asked for. */
export class KeptImageSource implements ImageSource {
  readonly name: string;
  readonly #image: KeptImage;
  #described: Promise<DescribedImage> | undefined;

  constructor(name: string, image: KeptImage) {
    this.name = name;
    this.#image = image;
  }

  async top(): Promise<TopDocument> {
    return (await this.#describe()).top;
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new BerthError('image-not-found', `no such manifest: ${this.name}: ${digest}`);
  }

  async config(): Promise<Buffer> {
    return (await this.#describe()).config;
  }

  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const where = (await this.#describe()).layers.get(descriptor.digest);
    if (where === undefined) {
      throw new BerthError('image-not-found', `no such blob: ${this.name}: ${descriptor.digest}`);
    }
    yield* this.#image.layer(where, descriptor, signal);
  }

  close(): Promise<void> {
    return this.#image.close();
  }

  #describe(): Promise<DescribedImage> {
    this.#described ??= this.#image.describe();
    return this.#described;
  }
}
