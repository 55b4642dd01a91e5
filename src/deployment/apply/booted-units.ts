import { loadGraph } from '../../systemd/load-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { orderUnits } from '../../systemd/unit-order.ts';
import type { Plan } from '../plan/plan.ts';
import { findRunning, readLiveUnits } from '../plan/update-units.ts';
import { ownNumber, readCurrentRecord } from '../record.ts';
import type { ApplyOptions } from './apply.ts';
import { resumeUnits } from './steps/restart.ts';

/**
 * Stops what a boot has started in a version that is not to stay, whether the change was to start it or not:
 * all that is enabled starts at a boot. Returns what ran of it, and of what needs it, in the order in which
 * that starts. Throws `deployment-damaged`, `unit-failed`.
 */
export async function stopBooted(
  plan: Plan,
  { paths, systemd }: Pick<ApplyOptions, 'paths' | 'systemd'>,
): Promise<string[]> {
  const units = plan.steps.flatMap((step) => {
    const record = step.kind === 'current' ? readCurrentRecord(paths, step.service) : undefined;
    const isSwitched = record !== undefined && step.kind === 'current' && step.number === ownNumber(record);
    return isSwitched ? record.units : [];
  });
  const { active } = await readLiveUnits(units, systemd);
  const graph = await loadGraph(systemd, active);
  const needing = active
    .flatMap((unit) => graph.reachedFrom(unit, ...NEEDS, 'PartOf'))
    .filter((unit) => !unit.endsWith('.target'));
  const running = new Set([...active, ...(await findRunning(needing, systemd))]);
  // The sockets first: a connection would start the service again.
  for (const unit of active.toReversed()) {
    await systemd.stop(unit);
    await systemd.resetFailed(unit);
  }
  return orderUnits(graph, [...running]);
}

/** Starts those of these units that are there after the undo. */
export async function startBooted(
  units: readonly string[],
  { systemd, warn }: Pick<ApplyOptions, 'systemd' | 'warn'>,
): Promise<void> {
  const states = await Promise.all(units.map((unit) => systemd.state(unit)));
  const left = states.filter(({ loadState }) => loadState === 'loaded').map(({ name }) => name);
  await resumeUnits({ kind: 'resume', units: left }, { systemd, warn });
}
