import type { Snapshot } from './snapshot.ts';
import type { UnitFailure, UnitState } from './systemd.ts';
import { NEEDS } from './unit-links.ts';

/** The unit on which the start of another failed. */
export interface Culprit {
  unit: string;
  /** By way of which the other needs it: the first is what the other itself needs. */
  between: string[];
  failure: UnitFailure;
}

/**
 * Among the units that this one needs, directly or not, one that failed and whose own needs did not;
 * undefined when there is none. Order and mere wishes (Wants=) keep nothing from starting.
 */
export async function findCulprit(
  unit: string,
  units: Pick<Snapshot, 'report' | 'failure'>,
  seen = new Set([unit]),
): Promise<Culprit | undefined> {
  const { links } = await units.report(unit);
  for (const { from, kind, to } of links) {
    if (from !== unit || !NEEDS.includes(kind) || seen.has(to)) continue;
    seen.add(to);
    const deeper = await findCulprit(to, units, seen);
    if (deeper !== undefined) return { ...deeper, between: [to, ...deeper.between] };
    if (hasFailed(await units.report(to))) {
      return { unit: to, between: [], failure: await units.failure(to) };
    }
  }
  return undefined;
}

/** True for a unit that could not do its work; one that waits to be tried again is among them. */
export function hasFailed({
  activeState,
  subState,
  loadState,
}: Pick<UnitState, 'activeState' | 'subState' | 'loadState'>): boolean {
  if (activeState === 'failed' || subState === 'auto-restart') return true;
  return activeState === 'inactive' && !['loaded', 'merged', 'stub', ''].includes(loadState);
}
