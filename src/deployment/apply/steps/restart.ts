import { BerthError, messageOf } from '../../../errors.ts';
import { hastenMoves } from '../../../systemd/process-moves.ts';
import type { Systemd } from '../../../systemd/systemd.ts';
import type { Step } from '../../plan/plan.ts';
import { UnitTrouble } from '../unit-trouble.ts';
import type { StepContext } from './context.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/**
 * Restarts units and waits until they, and what depends on them, are up. Throws `UnitTrouble` for the
 * first, in the order in which they start, that does not come up.
 */
export async function restartUnits(
  { units, dependents }: Of<'restart'>,
  { systemd }: StepContext,
): Promise<void> {
  // One that failed often may not be started for a while.
  for (const unit of units) await systemd.resetFailed(unit);
  const sockets = units.filter((unit) => unit.endsWith('.socket'));
  const others = units.filter((unit) => !sockets.includes(unit));
  if (systemd.live) hastenMoves();
  await reopenSockets(sockets, [...others, ...dependents], systemd);
  // All at once: systemd then stops and starts them in order, and what depends on several of them once.
  const jobs = others.map((unit) => ({ unit, end: systemd.restart(unit) }));
  // Only the first failure is told; the others must not end the program meanwhile.
  for (const { end } of jobs) end.catch(() => undefined);
  for (const { unit, end } of jobs) await settle(unit, end);
  for (const unit of dependents) await settle(unit, systemd.start(unit));
}

/** systemd opens no socket while its service runs, and a connection would start the service again. */
async function reopenSockets(sockets: string[], units: string[], systemd: Systemd): Promise<void> {
  for (const socket of sockets) await systemd.stop(socket);
  for (const socket of sockets) {
    const name = socket.slice(0, -'.socket'.length);
    const served = [`${name}-proxy.service`, `${name}.service`].filter((unit) => units.includes(unit));
    for (const unit of served) await systemd.stop(unit);
    await settle(socket, systemd.start(socket));
  }
}

async function settle(unit: string, end: Promise<void>): Promise<void> {
  try {
    await end;
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'unit-failed') throw error;
    const { message, hint } = error;
    throw new UnitTrouble(unit, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Stops what a failed change restarted, so that the old version of it can be started. */
export async function stopRestarted(step: Of<'restart'>, { systemd }: StepContext): Promise<void> {
  if (!systemd.live) return;
  // All at once here, too: their time-outs run at the same time.
  await Promise.all(step.units.toReversed().map((unit) => systemd.stop(unit)));
  for (const unit of [...step.units, ...step.dependents]) await systemd.resetFailed(unit);
}

/**
 * Starts units again that ran before a failed change. One that does not come up is said and no more: all
 * files are as they were, and it may have been as bad before.
 */
export async function resumeUnits(
  step: Of<'resume'>,
  { systemd, warn }: Pick<StepContext, 'systemd' | 'warn'>,
): Promise<void> {
  if (!systemd.live) return;
  for (const unit of step.units) {
    try {
      await systemd.start(unit);
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'unit-failed') throw error;
      warn(`it does not start as it was before, either: ${messageOf(error)}`);
    }
  }
}
