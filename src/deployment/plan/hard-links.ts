import { LinkThread } from './link-thread.ts';
import { makeLinks } from './make-links.ts';

/** To start a thread costs more than so many links. */
const WORTH_A_THREAD = 4000;

/** Links that are passed on together. */
const BATCH = 128;

/**
 * Makes hard links, where they are many in two threads: most of a checkout is links, and most of a link is the
 * kernel's work. They are latin1 text that stands for bytes. The directories that they go to are there before.
 */
export class HardLinks {
  #batch: string[] = [];
  readonly #unlinked: string[] = [];
  readonly #thread: LinkThread | undefined;

  /** `expected`: about how many there will be. */
  constructor(expected: number) {
    // At once: it takes as long to start as the first thousands of links take.
    if (expected >= WORTH_A_THREAD) this.#thread = new LinkThread();
  }

  /** Makes a link, now or later. Throws errors of the operating system, those of earlier links too. */
  add(existing: string, path: string): void {
    this.#batch.push(existing, path);
    if (this.#batch.length >= 2 * BATCH) this.#pass();
  }

  /** Waits for all links. Returns the paths of those that `tryLink` could not make. */
  async finish(): Promise<string[]> {
    this.#unlinked.push(...makeLinks(this.#batch));
    return [...this.#unlinked, ...((await this.#thread?.finish()) ?? [])];
  }

  /** To be called in the end, finished or not: afterwards no link is made any more. */
  async close(): Promise<void> {
    await this.#thread?.end();
  }

  #pass(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (this.#thread?.take(batch) !== true) this.#unlinked.push(...makeLinks(batch));
  }
}
