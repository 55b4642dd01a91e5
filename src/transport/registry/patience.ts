/** How long a registry is waited for, in milliseconds, and how often it is asked again. */
export interface Patience {
  /** Without a byte for so long, a connection counts as broken. */
  stall: number;
  /** How often one thing is asked for, the first time included, without getting any further. */
  attempts: number;
  /** Before asking for the second time; it doubles each time. */
  firstDelay: number;
  longestDelay: number;
  /** The longest Retry-After that is waited out. */
  longestRetryAfter: number;
}

export const PATIENCE: Patience = {
  stall: 30_000,
  attempts: 5,
  firstDelay: 300,
  longestDelay: 5_000,
  longestRetryAfter: 60_000,
};
