import { existsSync, lstatSync, rmdirSync, rmSync } from 'node:fs';
import { BerthError, isErrno } from '../../../errors.ts';
import { syncFileSystem } from '../../../linux/syncfs.ts';
import { runSysusers } from '../../../systemd/sysusers.ts';
import { createTmpfiles, removeTmpfiles } from '../../../systemd/tmpfiles.ts';
import type { Step } from '../../plan/plan.ts';
import type { StepContext } from './context.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

export async function makeUsers(step: Of<'sysusers'>, { paths }: StepContext): Promise<void> {
  await runSysusers(paths, step.path);
}

export async function makeTmpfiles(step: Of<'tmpfiles'>, { paths }: StepContext): Promise<void> {
  await createTmpfiles(paths, step.path);
}

/**
 * Removes what systemd-tmpfiles made for a service that could not be installed. In the process that
 * made it, whatever is inside came from the failed start; later, it may be somebody's data and stays.
 */
export function unmakeTmpfiles(step: Of<'tmpfiles'>, { paths, recovering, warn }: StepContext): void {
  const made = step.absent.map((inside) => paths.locate(inside));
  if (!recovering) {
    // Parents first, as they stand: a name below one could lead through a symlink of the service's making.
    for (const path of made) rmSync(path, { recursive: true, force: true });
    return;
  }
  for (const path of made.reverse()) {
    try {
      if (lstatSync(path).isDirectory()) rmdirSync(path);
    } catch (error) {
      if (isErrno(error, 'ENOTEMPTY', 'EBUSY')) warn(`kept, because it is not empty: ${path}`);
      else if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

export async function cleanTmpfiles(step: Of<'tmpfiles-remove'>, { paths }: StepContext): Promise<void> {
  try {
    lstatSync(paths.locate(step.path));
  } catch (error) {
    // A change that is run again may have removed the file already.
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  await removeTmpfiles(paths, step.path);
}

/** Throws what `Systemd.start` throws, and says what else of the change does not start because of it. */
export async function startUnit(step: Of<'start'>, { systemd }: StepContext): Promise<void> {
  const dependents = step.dependents ?? [];
  try {
    await systemd.start(step.unit);
  } catch (error) {
    if (!(error instanceof BerthError) || dependents.length === 0) throw error;
    const { code, message, hint } = error;
    throw new BerthError(code, `${message}\nnot started because of it: ${dependents.join(', ')}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

/** Stops a unit that a failed change started, and what it started itself, and forgets that they failed. */
export async function unstart(step: Of<'start'>, { systemd }: StepContext): Promise<void> {
  // The sockets first: a connection would start the service again.
  for (const unit of [step.unit, ...(step.others ?? []).toReversed()]) {
    await systemd.stop(unit);
    await systemd.resetFailed(unit);
  }
}

/** Has units start at boot, on disk when this returns: systemd makes the symlinks, and leaves them to the kernel. */
export async function enableUnits(units: string[], { paths, systemd }: StepContext): Promise<void> {
  if (units.length === 0) return;
  await systemd.enable(units);
  syncFileSystem(paths.units);
}

/** Takes back that units start at boot. Of one without a file there may be links left, or nothing at all. */
export async function disableUnits(units: string[], { paths, systemd }: StepContext): Promise<void> {
  for (const unit of units) {
    try {
      await systemd.disable([unit]);
    } catch (error) {
      if (!(error instanceof BerthError && error.code === 'service-not-found')) throw error;
    }
  }
  if (existsSync(paths.units)) syncFileSystem(paths.units);
}

export async function stopUnit(step: Of<'stop'>, { systemd }: StepContext): Promise<void> {
  // Even when its file is gone: what runs outlives the file.
  await systemd.stop(step.unit);
  await systemd.resetFailed(step.unit);
}

/** Starts a unit again that a failed change stopped. */
export async function startAgain(step: Of<'stop'>, { systemd }: StepContext): Promise<void> {
  if (step.active) await systemd.start(step.unit);
}
