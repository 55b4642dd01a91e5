import type { Output } from './output.ts';

/** Milliseconds. */
const LOOK_EVERY = 1000;

/**
 * A signal that is `signal`, or that nobody reads the data any longer: what waits for more to say, as behind
 * `| head`, would else learn of it only when there is more.
 */
export function whileRead(output: Output, signal: AbortSignal): AbortSignal {
  const unread = new AbortController();
  const looking = setInterval(() => {
    if (!output.abandoned) return;
    clearInterval(looking);
    unread.abort();
  }, LOOK_EVERY);
  looking.unref();
  return AbortSignal.any([signal, unread.signal]);
}
