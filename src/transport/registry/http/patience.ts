import type { Limits } from '../../../image/limits.ts';

/** How slow an answer may be, and how large. */
export interface Bounds {
  patience: Patience;
  limits: Limits;
}

/** How long a registry is waited for, in milliseconds, and how often it is asked again. */
export interface Patience {
  /** Without a byte for so long, a connection counts as broken. */
  stall: number;
  /** While so long was spent waiting for a body, at least `leastInWindow` bytes of it must come. */
  window: number;
  leastInWindow: number;
  /** How often one thing is asked for, the first time included, without `leastInWindow` bytes of it in between. */
  attempts: number;
  /** Before asking for the second time; it doubles each time. */
  firstDelay: number;
  longestDelay: number;
  /** The longest Retry-After that is waited out. */
  longestRetryAfter: number;
}

export const PATIENCE: Patience = {
  stall: 30_000,
  // About 4 KiB/s: below the slowest lines that images are worth fetching over. It bounds how long a
  // registry can hold up a host whose every other change waits for this one.
  window: 60_000,
  leastInWindow: 256 * 1024,
  attempts: 5,
  firstDelay: 300,
  longestDelay: 5_000,
  longestRetryAfter: 60_000,
};

/** For a mirror: there is another place to ask, which need not wait until this one has given up. */
export function mirrorPatience(patience: Patience): Patience {
  return { ...patience, attempts: Math.min(patience.attempts, 2), longestRetryAfter: 0 };
}
