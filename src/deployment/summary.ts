import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd, UnitSummary } from '../systemd/systemd.ts';
import { sinceOf } from '../systemd/unit-state.ts';
import { readUsage, type UnitUsage } from '../systemd/unit-usage.ts';
import { type Origin, readOrigin } from './origin.ts';
import { type DeploymentRecord, listServices, mainUnit, readCurrentRecord } from './record.ts';

/** A unit of a service. */
export interface ListedUnit {
  name: string;
  /** ActiveState and SubState. */
  state: string;
  subState: string;
  /** When it came into this state, RFC 3339, UTC; null for one that has not run since the boot. */
  since: string | null;
}

/** A line of `berth list`. */
export interface ServiceSummary {
  service: ServiceName;
  /** Those of the unit that stands for it; null where there is no unit, or no systemd. */
  state: string | null;
  subState: string | null;
  since: string | null;
  origin: Origin['origin'];
  /** UnitFileState: enabled, disabled, static …; null where there is no unit. */
  enabled: string | null;
  /** How often systemd has started it again by itself since somebody started it; null where no systemd runs. */
  restarts: number | null;
  /** null for what does not run, and what the kernel does not count here. */
  memoryBytes: number | null;
  /** Of its processes, since it was started. */
  cpuSeconds: number | null;
  image: string;
  /** What it runs on instead of the image's files; else null. */
  rootfs: string | null;
  digest: Digest;
  deployment: number;
  created: string;
  /** All units of it, the service first. */
  units: ListedUnit[];
}

/** A service as it was found at one moment. */
export interface FoundService {
  record: DeploymentRecord;
  origin: Origin['origin'];
  /** In the order of the record; empty where no systemd runs. */
  units: UnitSummary[];
  enabled: string | null;
}

/** All installed services, sorted by name. */
export async function findServices(paths: Paths, systemd: Systemd): Promise<FoundService[]> {
  const records = listServices(paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
  const units = records.flatMap((record) => record.units);
  const summaries = await systemd.summaries(units);
  const states = new Map(units.map((unit, index) => [unit, summaries[index]]));
  return records.map((record) => ({
    record,
    origin: readOrigin(record, paths).origin,
    units: systemd.live ? record.units.flatMap((unit) => states.get(unit) ?? []) : [],
    enabled: states.get(mainUnit(record) ?? '')?.unitFileState || null,
  }));
}

/** A line of `berth list` of a service, with what it uses at this moment. */
export function summarize({ record, origin, units, enabled }: FoundService): ServiceSummary {
  const { service, number, image, rootfs, created } = record;
  const [own] = units;
  const { memoryBytes, cpuSeconds } = usageOf(own);
  // A service that waits for its first connection is as well as its sockets are.
  const shown = own?.activeState === 'inactive' ? units[record.units.indexOf(mainUnit(record) ?? '')] : own;
  return {
    service,
    origin,
    state: shown?.activeState ?? null,
    subState: shown?.subState ?? null,
    since: shown === undefined ? null : sinceOf(shown),
    enabled,
    restarts: own?.restarts ?? null,
    memoryBytes,
    cpuSeconds,
    image: image.name,
    rootfs: rootfs?.directory ?? null,
    digest: image.manifestDigest,
    deployment: number,
    created,
    units: units.map(listUnit),
  };
}

/** What a unit uses; nothing for one that does not run. */
export function usageOf(unit: Pick<UnitSummary, 'activeState' | 'controlGroup'> | undefined): UnitUsage {
  return readUsage(unit === undefined || unit.activeState === 'inactive' ? '' : unit.controlGroup);
}

function listUnit(unit: UnitSummary): ListedUnit {
  const { name, activeState, subState } = unit;
  return { name, state: activeState, subState, since: sinceOf(unit) };
}
