import type { Systemd } from '../../systemd/systemd.ts';
import type { UnitGraph } from '../../systemd/unit-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { orderUnits } from '../../systemd/unit-order.ts';
import { mainUnit } from '../record.ts';
import type { FileChange, Succession } from './change-files.ts';
import type { UpdateUnits } from './plan-update.ts';

const RESTING = ['inactive', 'deactivating'];
const UP = ['active', 'activating', 'reloading', 'refreshing'];

/** What systemd says of the units of a service now. */
export interface LiveUnits {
  /** Those that run, or try to, or failed: nobody stopped them. */
  active: string[];
  /** Those that start at boot. */
  enabled: string[];
}

export async function readLiveUnits(units: readonly string[], systemd: Systemd): Promise<LiveUnits> {
  const states = await Promise.all(units.map((unit) => systemd.state(unit)));
  const names = (found: typeof states) => found.map(({ name }) => name);
  return {
    active: systemd.live ? names(states.filter(({ activeState }) => !RESTING.includes(activeState))) : [],
    enabled: names(states.filter(({ unitFileState }) => unitFileState.startsWith('enabled'))),
  };
}

/**
 * What is restarted for services that change, and what else systemd stops with it. A service that does
 * not run stays so; a socket that stays the same keeps listening.
 */
export async function findUpdateUnits(
  services: readonly (Succession & LiveUnits)[],
  changes: readonly FileChange[],
  graph: UnitGraph,
  systemd: Systemd,
): Promise<UpdateUnits> {
  const restart = services.flatMap((service) => restartedUnits(service, changes));
  const active = services.flatMap((service) => service.active);
  const needing = new Set(
    [...restart, ...active].flatMap((unit) => graph.reachedFrom(unit, ...NEEDS, 'PartOf')),
  );
  const others = [...needing].filter((unit) => !restart.includes(unit) && !unit.endsWith('.target'));
  // Of these, one that had failed before is no reason to undo anything.
  const dependents = await findRunning(others, systemd);
  const inOrder = (units: readonly string[]) => orderUnits(graph, units);
  return {
    restart: inOrder(restart),
    dependents: restart.length === 0 ? [] : inOrder(dependents),
    running: inOrder([...new Set([...active, ...dependents])]),
  };
}

function restartedUnits(
  { before, after, active }: Succession & LiveUnits,
  changes: readonly FileChange[],
): string[] {
  const main = mainUnit(after);
  const own = after.units.filter(
    (unit) => active.includes(unit) && (unit === after.units[0] || isChanged(unit, changes)),
  );
  const wasUp = active.includes(mainUnit(before) ?? '');
  const newMain = main !== undefined && wasUp && !before.units.includes(main) ? [main] : [];
  return [...own, ...newMain];
}

function isChanged(unit: string, changes: readonly FileChange[]): boolean {
  return changes.some(({ path }) => path.endsWith(`/${unit}`) || path.includes(`/${unit}.d/`));
}

/** Those that run, or are about to; one that had failed is none of them. Empty where no systemd runs. */
export async function findRunning(units: readonly string[], systemd: Systemd): Promise<string[]> {
  if (!systemd.live) return [];
  const states = await Promise.all(units.map((unit) => systemd.state(unit)));
  return states.filter(({ activeState }) => UP.includes(activeState)).map(({ name }) => name);
}
