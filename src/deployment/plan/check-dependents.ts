import { BerthError } from '../../errors.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { UnitGraph } from '../../systemd/unit-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { orderUnits } from '../../systemd/unit-order.ts';
import type { LeavingService } from './plan-uninstall.ts';
import { findRunning } from './update-units.ts';

/**
 * Throws `required-by-others` when units that stay need one of a service that goes; with `force` that is
 * a warning. Targets do not count: they are there to be required by, and lose nothing.
 */
export function checkDependents(
  leaving: readonly LeavingService[],
  graph: UnitGraph,
  { force, warn }: { force: boolean; warn(text: string): void },
): void {
  const going = leaving.flatMap(({ record }) => record.units);
  const needing = going.flatMap((unit) => graph.reachedFrom(unit, ...NEEDS));
  const staying = [...new Set(needing)].filter((unit) => !going.includes(unit) && !unit.endsWith('.target'));
  if (staying.length === 0) return;
  const names = leaving.map(({ record }) => record.service).join(' ');
  if (force) {
    warn(`${staying.join(', ')} will not start again without ${names}`);
    return;
  }
  throw new BerthError('required-by-others', `cannot uninstall ${names}: required by ${staying.join(', ')}`, {
    hint: `uninstall those in the same command, or all the same: berth uninstall --force ${names}`,
  });
}

/** The units that systemd stops with these services and that are none of theirs, in the order in which they stop. */
export async function findStopping(
  leaving: readonly LeavingService[],
  graph: UnitGraph,
  systemd: Systemd,
): Promise<string[]> {
  const going = leaving.flatMap(({ record }) => record.units);
  const bound = going.flatMap((unit) => graph.reachedFrom(unit, ...NEEDS, 'PartOf'));
  const others = bound.filter((unit) => !going.includes(unit) && !unit.endsWith('.target'));
  return orderUnits(graph, await findRunning([...new Set(others)], systemd)).toReversed();
}

/** The services in the order in which they can stop: the reverse of that in which they start. */
export function inStopOrder(leaving: readonly LeavingService[], graph: UnitGraph): LeavingService[] {
  const units = leaving.flatMap(({ record }) => record.units);
  const order = orderUnits(graph, units);
  const place = ({ record }: LeavingService) => order.indexOf(graph.name(record.units[0] ?? ''));
  return leaving.toSorted((a, b) => place(b) - place(a));
}
