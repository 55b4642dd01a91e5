import { ExtractThread } from './extract-thread.ts';

/** More would compete for the same disk. */
const MOST = 2;

/**
 * Uncompressed bytes that may be under way to each thread: of what they shared, one that writes many small files
 * would have most, and the other would be no faster than it.
 */
const CREDIT = 3 << 20;

/** The threads that unpack the layers of one pull. */
export class ExtractThreads {
  readonly #started: ExtractThread[] = [];

  /** As many threads as are of use for so many layers; those that do not run yet are started. */
  start(layers: number): readonly ExtractThread[] {
    while (this.#started.length < Math.min(layers, MOST)) this.#started.push(new ExtractThread(CREDIT));
    return this.#started;
  }

  /** Stops those that run: afterwards none writes any more. */
  async end(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((thread) => thread.end()));
  }
}
