import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { withDetail } from '../systemd/unit-state.ts';
import { listServices, mainUnit, readCurrentRecord } from './record.ts';

/** A line of `berth list`. */
export interface ServiceSummary {
  name: ServiceName;
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
  return Promise.all(
    records.map(async ({ service, number, image, rootfs, created, units }) => ({
      name: service,
      ...(await describeUnits(units, systemd)),
      image: image.name,
      rootfs: rootfs?.directory ?? null,
      digest: image.manifestDigest,
      deployment: number,
      created,
    })),
  );
}

async function describeUnits(units: string[], systemd: Systemd): Promise<{ state: string; enabled: string }> {
  const [service, main] = [units[0], mainUnit({ units })];
  if (service === undefined || main === undefined) return { state: '-', enabled: '-' };
  const [own, started] = await Promise.all([service, main].map((unit) => systemd.state(unit)));
  // A service that waits for its first connection is as well as its sockets are.
  const shown = own?.activeState === 'inactive' ? started : own;
  const state = systemd.live && shown !== undefined ? withDetail(shown.activeState, shown.subState) : '-';
  return { state, enabled: started?.unitFileState || '-' };
}
