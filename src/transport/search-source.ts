import { BerthError } from '../errors.ts';
import type { Descriptor } from '../image/image.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import type { ImageSource } from './source.ts';

/** A short name that several registries may have: the first that has it is the one. */
export class SearchSource implements ImageSource {
  readonly #sources: [ImageSource, ...ImageSource[]];
  #found: ImageSource;

  constructor(sources: [ImageSource, ...ImageSource[]]) {
    this.#sources = sources;
    this.#found = sources[0];
  }

  /** The first candidate's until `top` has found which it is. */
  get name(): string {
    return this.#found.name;
  }

  /**
   * Goes on only from a registry that says it does not have the image, or none for strangers. While one
   * cannot be reached, or refuses a credential that was for it, nobody knows which image is meant, and
   * another's must not come in its place.
   */
  async top(): Promise<TopDocument> {
    const refusals: BerthError[] = [];
    for (const source of this.#sources) {
      try {
        const top = await source.top();
        this.#found = source;
        return top;
      } catch (error) {
        if (!isAbsence(error)) throw error;
        refusals.push(error);
      }
    }
    throw new BerthError(
      'registry-not-found',
      `no registry has it: ${this.#sources.map((source) => source.name).join(', ')}`,
      { hint: 'name the registry in full', cause: new AggregateError(refusals) },
    );
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

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }
}

function isAbsence(error: unknown): error is BerthError {
  return (
    error instanceof BerthError &&
    (error.code === 'registry-not-found' || error.code === 'registry-unauthorized')
  );
}
