import { BerthError } from '../errors.ts';
import { parseTimeSpan } from '../systemd/time-span.ts';

/** For how long a new version is watched: what crashes at once or soon is seen, and nobody waits long. */
export const SOAK = '10s';

/** Seconds. Throws `usage`. */
export function readSoak(text: string): number {
  try {
    const seconds = parseTimeSpan(text) / 1e6;
    if (seconds <= 86_400) return seconds;
  } catch (cause) {
    throw new BerthError('usage', `not a time span: --soak ${text}`, { hint: 'write it like 30s', cause });
  }
  throw new BerthError('usage', `too long: --soak ${text}: at most a day`);
}
