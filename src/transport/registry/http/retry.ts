import { setTimeout as sleep } from 'node:timers/promises';
import type { BerthError } from '../../../errors.ts';
import type { Patience } from './patience.ts';

/** A failure that may pass: asking again can help. `failure` is what to report when it does not. */
export class Transient extends Error {
  readonly failure: BerthError;
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(failure: BerthError, retryAfter?: number) {
    super(failure.message);
    this.failure = failure;
    this.retryAfter = retryAfter;
  }
}

/** Counts the failures of one thing and waits between them: longer each time, and never in step with others. */
export class Backoff {
  readonly #patience: Patience;
  #failures = 0;
  #progress = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Hears of bytes that came. After enough of them failures are counted anew; a few prove nothing. */
  progress(bytes: number): void {
    this.#progress += bytes;
    if (this.#progress < this.#patience.leastInWindow) return;
    this.#progress = 0;
    this.#failures = 0;
  }

  /** Returns when to try again. Throws what cannot pass, what did not pass often enough, and an abort. */
  async wait(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!(error instanceof Transient)) throw error;
    this.#failures += 1;
    const { attempts, longestRetryAfter } = this.#patience;
    // Asking earlier than told only makes it worse, so a long wait is left to the person.
    if (this.#failures >= attempts || (error.retryAfter ?? 0) > longestRetryAfter) throw error.failure;
    await pause(error.retryAfter ?? this.#delay(), signal);
  }

  #delay(): number {
    const { firstDelay, longestDelay } = this.#patience;
    const delay = Math.min(firstDelay * 2 ** (this.#failures - 1), longestDelay);
    return delay * (0.5 + Math.random() / 2);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Does something until it succeeds or fails for good. */
export async function retry<Result>(
  patience: Patience,
  signal: AbortSignal | undefined,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const backoff = new Backoff(patience);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await backoff.wait(error, signal);
    }
  }
}

/** Retry-After in milliseconds: seconds, or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
