import type { Plan, Step } from '../../deployment/plan/plan.ts';
import { type DeploymentRecord, mainUnit } from '../../deployment/record.ts';
import type { Systemd, UnitState } from '../../systemd/systemd.ts';
import type { DeclaredService } from '../declared-service.ts';
import type { Outcome } from './outcome.ts';

/** What is to be done to the units of an installed service. */
export interface StateChange {
  record: DeploymentRecord;
  /** The unit to have started at boot. */
  enable: string | undefined;
  /** Units that start at boot and are not to. */
  disable: string[];
  start: string | undefined;
  /** Units that run and are not to. */
  stop: string[];
}

/** How the units of a service are to be, compared with how they are; undefined where they are so. */
export async function findStateChange(
  { enabled, started }: Pick<DeclaredService, 'enabled' | 'started'>,
  record: DeploymentRecord,
  systemd: Systemd,
): Promise<StateChange | undefined> {
  const main = mainUnit(record);
  if (main === undefined) return undefined;
  const states = await Promise.all(record.units.map((unit) => systemd.state(unit)));
  const mainState = states.find(({ name }) => name === main);
  const isEnabled = ({ unitFileState }: UnitState) => unitFileState.startsWith('enabled');
  const change: StateChange = {
    record,
    // One that is static has nothing that could enable it, and one that is masked is so by a person's will.
    enable: enabled && mainState?.unitFileState === 'disabled' ? main : undefined,
    disable: enabled ? [] : states.filter(isEnabled).map(({ name }) => name),
    start: systemd.live && started && mainState !== undefined && isResting(mainState) ? main : undefined,
    stop: systemd.live && !started ? states.filter(isUp).map(({ name }) => name) : [],
  };
  const { enable, disable, start, stop } = change;
  return enable === undefined && start === undefined && disable.length + stop.length === 0
    ? undefined
    : change;
}

/** True for a unit that does not run and is not about to; one that did its work and ended is as it should be. */
function isResting({ activeState, hasJob, type, result, monotonic }: UnitState): boolean {
  if (hasJob || !/^(?:inactive|failed|deactivating)$/.test(activeState)) return false;
  return !(type === 'oneshot' && result === 'success' && monotonic.inactiveExit > 0);
}

function isUp({ activeState }: UnitState): boolean {
  return activeState !== 'inactive' && activeState !== 'failed';
}

/** The outcome for a service with what becomes of its units; what it was changed for before says enough. */
export function withStates(outcome: Outcome, { enable, disable, start, stop }: StateChange): Outcome {
  if (outcome.action !== 'unchanged') return outcome;
  const enabled = enable !== undefined || disable.length > 0;
  const started = start !== undefined || stop.length > 0;
  const reasons = [...(enabled ? ['enabled'] : []), ...(started ? ['started'] : [])];
  const states = start === undefined ? 'stop' : 'start';
  return { ...outcome, action: enabled ? 'reconfigure' : states, reasons };
}

/** Enables, disables and stops; what is to be started needs no plan, since it can be tried again at any time. */
export function planStates(changes: readonly StateChange[]): Plan | undefined {
  const stop = changes.flatMap((change) => change.stop.toReversed());
  const disable = changes.filter((change) => change.disable.length > 0);
  const enable = changes.flatMap((change) => change.enable ?? []);
  const steps: Step[] = [
    // The sockets first: a connection would start the service again.
    ...stop.map((unit): Step => ({ kind: 'stop', unit, active: true })),
    ...(disable.length + enable.length > 0 ? [{ kind: 'reload', on: 'undo' } as const] : []),
    ...disable.map(({ disable: units }): Step => ({ kind: 'disable', units, enabled: units })),
    ...(enable.length > 0 ? [{ kind: 'enable', units: enable } as const] : []),
    ...(disable.length + enable.length > 0 ? [{ kind: 'reload', on: 'run' } as const] : []),
  ];
  if (steps.length === 0) return undefined;
  const names = changes.map(({ record }) => record.service).join(' ');
  return { title: `set the states of ${names}`, interrupted: 'undo', steps };
}
