import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { listServices, readCurrentRecord } from './record.ts';

/** A line of `berth list`. */
export interface ServiceSummary {
  name: ServiceName;
  /** ActiveState and, in parentheses, SubState, as systemd names them; "-" where there is no unit or no systemd. */
  state: string;
  /** UnitFileState: enabled, disabled, static …; "-" where there is no unit or no systemd. */
  enabled: string;
  image: string;
  digest: Digest;
  deployment: number;
  created: string;
}

/** All installed services, sorted by name. */
export async function summarizeServices(paths: Paths, systemd: Systemd): Promise<ServiceSummary[]> {
  const records = listServices(paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
  return Promise.all(
    records.map(async ({ service, number, image, created, units }) => ({
      name: service,
      ...(await describeUnit(units[0], systemd)),
      image: image.name,
      digest: image.manifestDigest,
      deployment: number,
      created,
    })),
  );
}

async function describeUnit(
  unit: string | undefined,
  systemd: Systemd,
): Promise<{ state: string; enabled: string }> {
  if (unit === undefined) return { state: '-', enabled: '-' };
  const { activeState, subState, unitFileState } = await systemd.state(unit);
  const enabled = unitFileState === '' ? '-' : unitFileState;
  return { state: systemd.live ? `${activeState} (${subState})` : '-', enabled };
}
