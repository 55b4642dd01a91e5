import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { readCurrentRecord } from '../record.ts';
import type { Plan } from './plan.ts';
import { type LeavingService, planUninstall } from './plan-uninstall.ts';

/** The plan that takes services off the host. Throws `service-not-found` for a name that is not installed. */
export async function prepareUninstall(names: ServiceName[], paths: Paths, systemd: Systemd): Promise<Plan> {
  const leaving: LeavingService[] = [];
  for (const name of names) {
    const record = readCurrentRecord(paths, name);
    if (record === undefined) {
      throw new BerthError('service-not-found', `not installed: ${name}`, { hint: 'berth list' });
    }
    const states = systemd.live ? await Promise.all(record.units.map((unit) => systemd.state(unit))) : [];
    leaving.push({
      record,
      active: states.filter(({ activeState }) => activeState === 'active').map((state) => state.name),
      enabled: systemd.live
        ? states.some(({ unitFileState }) => unitFileState.startsWith('enabled'))
        : record.enabled,
    });
  }
  return planUninstall(leaving, paths);
}
