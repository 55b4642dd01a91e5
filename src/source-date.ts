import { createHash, randomUUID } from 'node:crypto';
import { BerthError } from './errors.ts';
import type { Paths } from './paths.ts';

// What JavaScript has as a date: years past that are no time that anything was built at.
const LATEST = 8.64e12;

/**
 * SOURCE_DATE_EPOCH (reproducible-builds.org): the time that what is built shall have, in seconds since 1970;
 * undefined where it is not set. Throws `usage` for what is no such number.
 */
export function readSourceDate(env: NodeJS.ProcessEnv): Date | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^[0-9]{1,13}$/.test(text) && Number(text) <= LATEST) return new Date(Number(text) * 1000);
  throw new BerthError('usage', `not a time: SOURCE_DATE_EPOCH=${text}: seconds since 1970 are expected`, {
    hint: 'SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)',
  });
}

/** The time to record for what is done now: RFC 3339, UTC. */
export function timeToRecord({ sourceDate = new Date() }: Pick<Paths, 'sourceDate'>): string {
  return sourceDate.toISOString();
}

/** A UUID that nothing else has; the same for the same `name` where the same is to be built again. */
export function makeUuid({ sourceDate }: Pick<Paths, 'sourceDate'>, name: string): string {
  if (sourceDate === undefined) return randomUUID();
  const hash = createHash('sha256').update(`${sourceDate.toISOString()} ${name}`).digest('hex');
  // RFC 9562, UUID version 8: of a hash that is the program's own choice.
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return [...parts, hash.slice(20, 32)].join('-');
}
