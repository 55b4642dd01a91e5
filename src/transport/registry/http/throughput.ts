import type { Patience } from './patience.ts';

/**
 * Tells a line that is slow from a server that sends a byte now and then: that would never stall, and
 * who waits for it would keep all others waiting.
 */
export class Throughput {
  readonly #patience: Patience;
  #bytes = 0;
  #waited = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Adds bytes and the milliseconds that they were waited for; true when a window ended with too few. */
  isTooLow(bytes: number, milliseconds: number): boolean {
    this.#bytes += bytes;
    this.#waited += milliseconds;
    if (this.#waited < this.#patience.window) return false;
    const isTooLow = this.#bytes < this.#patience.leastInWindow;
    this.#bytes = 0;
    this.#waited = 0;
    return isTooLow;
  }
}
