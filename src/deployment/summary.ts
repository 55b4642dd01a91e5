import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { withDetail } from '../systemd/unit-state.ts';
import { type Origin, readOrigin } from './origin.ts';
import { listServices, mainUnit, readCurrentRecord } from './record.ts';

/** A line of `berth list`. */
export interface ServiceSummary {
  name: ServiceName;
  origin: Origin['origin'];
  /** ActiveState and, in parentheses, SubState, as systemd names them; "-" where there is no unit or no systemd. */
  state: string;
  /** UnitFileState: enabled, disabled, static …; "-" where there is no unit or no systemd. */
  enabled: string;
  image: string;
  /** What it runs on instead of the image's files; else null. */
  rootfs: string | null;
  digest: Digest;
  deployment: number;
  created: string;
}

/** All installed services, sorted by name. */
export async function summarizeServices(paths: Paths, systemd: Systemd): Promise<ServiceSummary[]> {
  const records = listServices(paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
  const units = records.flatMap((record) => record.units);
  const summaries = await systemd.summaries(units);
  const states = new Map(units.map((unit, index) => [unit, summaries[index]]));
  return records.map((record) => {
    const { service, number, image, rootfs, created } = record;
    const [own, started] = [record.units[0], mainUnit(record)].map((unit) => states.get(unit ?? ''));
    // A service that waits for its first connection is as well as its sockets are.
    const shown = own?.activeState === 'inactive' ? started : own;
    return {
      name: service,
      origin: readOrigin(record, paths).origin,
      state: systemd.live && shown !== undefined ? withDetail(shown.activeState, shown.subState) : '-',
      enabled: started?.unitFileState || '-',
      image: image.name,
      rootfs: rootfs?.directory ?? null,
      digest: image.manifestDigest,
      deployment: number,
      created,
    };
  });
}
