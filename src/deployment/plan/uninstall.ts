import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';
import { loadGraph } from '../../systemd/load-graph.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { serviceUnit } from '../../systemd/unit-name.ts';
import { installedSiblings } from '../instances/siblings.ts';
import { withKept } from '../kept-deployments.ts';
import { notInstalled } from '../not-installed.ts';
import { listServices, readCurrentRecord, readVendorRecord } from '../record.ts';
import { prepareReturn } from '../return-to-vendor.ts';
import { checkDependents, findStopping, inStopOrder } from './check-dependents.ts';
import type { Plan } from './plan.ts';
import { planAtRest } from './plan-at-rest.ts';
import { type LeavingService, planUninstall } from './plan-uninstall.ts';
import { findPurged } from './purged-state.ts';

export interface UninstallHost {
  paths: Paths;
  systemd: Systemd;
  /** Take away what others need. */
  force: boolean;
  /** Take away what the services keep, too. */
  purge: boolean;
  warn(text: string): void;
}

/**
 * The plan that takes services off the host; where the vendor has them, too, its own run again. Throws
 * `service-not-found` for a name that is not installed, `required-by-others`, and as `prepareReturn`.
 */
export async function prepareUninstall(names: ServiceName[], host: UninstallHost): Promise<Plan> {
  const returning = names.filter((name) => readVendorRecord(host.paths, name) !== undefined);
  const going = names.filter((name) => !returning.includes(name));
  if (returning.length === 0) return await prepareRemoval(going, host);
  if (host.purge) {
    throw new BerthError(
      'usage',
      `--purge: ${returning[0]}: the vendor's service needs what it would remove`,
      {
        hint: 'leave out --purge',
      },
    );
  }
  const title = `uninstall ${names.join(' ')}`;
  const back = await prepareReturn(returning, host, title);
  if (going.length === 0) return back;
  const removal = await prepareRemoval(going, host);
  return { ...back, steps: [...removal.steps, ...back.steps] };
}

async function prepareRemoval(names: ServiceName[], host: UninstallHost): Promise<Plan> {
  const { paths, systemd, warn } = host;
  const leaving: LeavingService[] = [];
  for (const name of names) leaving.push(await findLeaving(name, names, host));
  // All that berth installed is asked: systemd may have had no need of a stopped service's unit yet.
  const units = [...leaving.flatMap(({ record }) => record.units), ...listServices(paths).map(serviceUnit)];
  const graph = await loadGraph(systemd, units);
  checkDependents(leaving, graph, host);
  const stopping = await findStopping(leaving, graph, systemd);
  if (stopping.length > 0) warn(`also stops: ${stopping.join(', ')}`);
  return planAtRest(planUninstall(inStopOrder(leaving, graph), paths, stopping), systemd);
}

async function findLeaving(
  name: ServiceName,
  names: readonly ServiceName[],
  { paths, systemd, purge }: UninstallHost,
): Promise<LeavingService> {
  const record = readCurrentRecord(paths, name);
  if (record === undefined) throw notInstalled(name, paths);
  const states = await Promise.all(record.units.map((unit) => systemd.state(unit)));
  return {
    record: withKept(record, paths),
    active: states.filter(({ activeState }) => activeState === 'active').map((state) => state.name),
    enabled: states
      .filter(({ unitFileState }) => unitFileState.startsWith('enabled'))
      .map((state) => state.name),
    shared: installedSiblings(name, paths)
      .filter(({ record: other }) => !names.includes(other.service))
      .flatMap(({ record: other }) => other.files.map(({ path }) => path)),
    purged: purge ? findPurged(withKept(record, paths), names, paths) : null,
  };
}
