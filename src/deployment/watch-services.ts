import { setTimeout as delay } from 'node:timers/promises';
import type { Paths } from '../paths.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { type FoundService, findServices } from './summary.ts';

// What happens together, as in a start of several services, is shown together. Milliseconds.
const TOGETHER = 200;

// The bus may have been restarted, or systemd have re-executed itself, which nobody tells. Milliseconds.
const LONGEST = 60_000;

/**
 * The installed services: at once, whenever systemd says that one of them is in another state or that it has
 * read unit files again, and, as they were found last, every so many milliseconds, for what they use is read
 * from their cgroups. Ends when `signal` is aborted.
 */
export async function* watchServices(
  paths: Paths,
  systemd: Systemd,
  interval: number,
  signal: AbortSignal,
): AsyncGenerator<FoundService[]> {
  let units: Set<string> | undefined;
  while (!signal.aborted) {
    const change = new AbortController();
    const ends = AbortSignal.any([signal, change.signal, AbortSignal.timeout(LONGEST)]);
    // Before they are read for the first time, any unit may be one of theirs.
    const stop = await systemd.watch((unit) => {
      if (unit === null || units === undefined || units.has(unit)) change.abort();
    });
    try {
      const services = await findServices(paths, systemd);
      units = new Set(services.flatMap(({ record }) => record.units));
      do {
        yield services;
        await passTime(interval, ends);
      } while (!ends.aborted);
    } finally {
      stop();
    }
    await passTime(TOGETHER, signal);
  }
}

/** Milliseconds, or until `signal`. */
async function passTime(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
