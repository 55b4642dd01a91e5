import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import type { UnitUsage } from '../systemd/unit-usage.ts';
import { usageOf } from './summary.ts';
import { watchServices } from './watch-services.ts';

/** What a service uses at one moment. */
export interface ServiceUsage extends UnitUsage {
  /** RFC 3339, UTC. */
  time: string;
  service: ServiceName;
  /** Of one core, since the sample before; null in the first of a service that was started since. */
  cpuPercent: number | null;
}

/**
 * What those of these services use that run, at once and then every so many milliseconds. Ends when `signal` is
 * aborted.
 */
export async function* measureServices(
  isWanted: (name: ServiceName) => boolean,
  { paths, systemd }: { paths: Paths; systemd: Systemd },
  interval: number,
  signal: AbortSignal,
): AsyncGenerator<ServiceUsage[]> {
  let before = new Map<ServiceName, ServiceUsage>();
  for await (const services of watchServices(paths, systemd, interval, signal)) {
    const time = new Date();
    const [last] = before.values();
    const passed = last === undefined ? 0 : time.getTime() - Date.parse(last.time);
    // What changes between two samples is in the next one: a share of a moment says little.
    if (last !== undefined && passed < interval / 2) continue;
    const samples = services.flatMap(({ record: { service }, units: [own] }): ServiceUsage[] => {
      if (!isWanted(service) || own === undefined || own.activeState === 'inactive') return [];
      const usage = usageOf(own);
      const used = (usage.cpuSeconds ?? 0) - (before.get(service)?.cpuSeconds ?? Number.NaN);
      // The count begins anew with a start.
      const cpuPercent = used >= 0 ? Math.round((used / passed) * 1e6) / 10 : null;
      return [{ time: time.toISOString(), service, cpuPercent, ...usage }];
    });
    before = new Map(samples.map((sample) => [sample.service, sample]));
    yield samples;
  }
}
