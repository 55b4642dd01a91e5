import { Budget } from '../image/budget.ts';
import { ExtractThread } from './extract-thread.ts';

/** More would compete for the same disk. */
const MOST = 2;

/** Uncompressed bytes that may be under way to threads, of all layers together. */
const CREDIT = 6 << 20;

/** The threads that unpack the layers of one pull. */
export class ExtractThreads {
  readonly #credit = new Budget(CREDIT);
  readonly #started: ExtractThread[] = [];

  /** As many threads as are of use for so many layers; those that do not run yet are started. */
  start(layers: number): readonly ExtractThread[] {
    while (this.#started.length < Math.min(layers, MOST)) this.#started.push(new ExtractThread(this.#credit));
    return this.#started;
  }

  /** Stops those that run: afterwards none writes any more. */
  async end(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((thread) => thread.end()));
  }
}
