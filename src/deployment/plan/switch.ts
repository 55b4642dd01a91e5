import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { parseUnitFile, type UnitEntry } from '../../systemd/unit-file.ts';
import type { UnitGraph } from '../../systemd/unit-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { refuseSplit } from '../instances/refuse-split.ts';
import { unitFileName } from '../instances/unit-template.ts';
import { type DeploymentRecord, mainUnit } from '../record.ts';
import { changeFiles, type FileChange } from './change-files.ts';
import { type ComingDeployment, checkDependencies, inStartOrder, stagedGraph } from './check-dependencies.ts';
import { fileAt } from './file-steps.ts';
import type { Plan } from './plan.ts';
import { planAtRest } from './plan-at-rest.ts';
import { planUpdate, type ServiceUpdate, type UpdateOptions } from './plan-update.ts';
import { findUpdateUnits, readLiveUnits } from './update-units.ts';

/** A deployment that is to take the place of the live one. */
export interface Successor
  extends ComingDeployment,
    Omit<ServiceUpdate, 'after' | 'active' | 'enabled' | 'enablesOtherwise'> {}

export interface SwitchHost {
  paths: Paths;
  systemd: Systemd;
  warn(text: string): void;
}

/** A change of live deployments that is ready to be applied. */
export interface PreparedSwitch {
  plan: Plan;
  changes: FileChange[];
  /** In the order in which their services start. */
  successors: Successor[];
  /** Those of the services that may be the reason why a unit does not run. */
  blame(unit: string): ServiceName[];
}

/**
 * The plan that makes other deployments live, and whatever depends on these services run again. Throws
 * `dependency-missing`, `dependency-cycle`, `host-file-conflict` and `unit-conflict`.
 */
export async function prepareSwitch(
  successors: readonly Successor[],
  host: SwitchHost,
  options: UpdateOptions,
): Promise<PreparedSwitch> {
  const { paths, systemd, warn } = host;
  refuseSplit(successors, paths);
  const graph = await stagedGraph([...successors, ...(options.coming ?? [])], host);
  const services: (ServiceUpdate & Successor)[] = [];
  for (const successor of inStartOrder(successors, graph)) {
    const live = await readLiveUnits(successor.before.units, systemd);
    const after = successor.record;
    services.push({ ...successor, ...live, after, enablesOtherwise: enablesOtherwise(successor, paths) });
  }
  // What does not run may lack something; what runs must not be stopped for what cannot start.
  const force = services.every(({ active }) => active.length === 0);
  checkDependencies(services, graph, { force, warn, verb: 'update' });
  const files = changeFiles(services, paths);
  const units = await findUpdateUnits(services, files.changes, graph, systemd);
  const plan = planAtRest(planUpdate(services, files, units, paths, options), systemd);
  return {
    plan,
    changes: files.changes,
    successors: services,
    blame: (unit) => blame(unit, services, graph),
  };
}

function blame(unit: string, services: readonly ServiceUpdate[], graph: UnitGraph): ServiceName[] {
  const own = services.filter(({ after }) => after.units.includes(unit));
  const needed = graph.reach(unit, ...NEEDS);
  const below = services.filter(({ after }) => after.units.some((other) => needed.includes(other)));
  const found = own.length > 0 ? own : below.length > 0 ? below : services;
  return found.map(({ after }) => after.service);
}

function enablesOtherwise({ before, record, directory }: Successor, paths: Paths): boolean {
  const [old, main] = [mainUnit(before), mainUnit(record)];
  if (old !== main) return true;
  const live = paths.sideOf(before).deployment(before.service, before.number);
  return !isDeepStrictEqual(installSection(before, live, paths), installSection(record, directory, paths));
}

/** What the main unit says of how it is enabled. */
function installSection(
  record: DeploymentRecord,
  directory: string,
  paths: Paths,
): Omit<UnitEntry, 'line'>[] {
  const main = mainUnit(record);
  if (main === undefined) return [];
  const name = main === `${record.service}.service` ? unitFileName(record.service) : main;
  const file = fileAt(record, paths.sideOf(record).installed.unit(name));
  if (file === undefined) return [];
  const { entries } = parseUnitFile(readRegularText(join(directory, file.source)), file.path, () => {});
  return entries
    .filter(({ section }) => section === 'Install')
    .map(({ section, key, value }) => ({ section, key, value }));
}
