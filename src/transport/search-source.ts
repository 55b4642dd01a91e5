import type { Descriptor } from '../image/image.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import { firstThatHas } from './first-that-has.ts';
import type { ImageSource } from './source.ts';

/** A short name that several registries may have: the first that has it is the one. */
export class SearchSource implements ImageSource {
  readonly #sources: [ImageSource, ...ImageSource[]];
  #found: ImageSource;

  constructor(sources: [ImageSource, ...ImageSource[]]) {
    this.#sources = sources;
    this.#found = sources[0];
  }

  /** Certain once `top` has found which it is. */
  get name(): string {
    return this.#found.name;
  }

  async top(): Promise<TopDocument> {
    return await firstThatHas(this.#sources, (source) => {
      this.#found = source;
      return source.top();
    });
  }

  manifest(descriptor: Descriptor): Promise<Buffer> {
    return this.#found.manifest(descriptor);
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return this.#found.config(descriptor);
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#found.blob(descriptor, signal);
  }

  passOver(): boolean {
    return this.#found.passOver?.() ?? false;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }
}
