import { fileSystemError } from '../../linux/file-system.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { ChangeLog } from '../events/change-log.ts';
import type { Plan } from '../plan/plan.ts';
import type { ApplyOptions } from './apply.ts';
import { startBooted, stopBooted } from './booted-units.ts';
import { finishUpdate } from './finish-update.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { beginsUnits, runStep } from './steps/run-step.ts';
import { stepContext, undo } from './undo.ts';

/**
 * Ends what an earlier process began and could not finish, and says in one sentence what it did.
 * Undefined when there was nothing. The caller holds the writer lock.
 */
export async function recover(options: ApplyOptions): Promise<string | undefined> {
  const journal = new Journal(options.paths);
  const entry = journal.read();
  if (entry === undefined) {
    // A change that was over may have been interrupted while it cleaned up.
    journal.close();
    return undefined;
  }
  const log = new ChangeLog(entry.plan, options);
  const ended = await end(entry, options, journal);
  log.recovered(ended);
  return ended;
}

async function end(entry: JournalEntry, options: ApplyOptions, journal: Journal): Promise<string> {
  const { plan, phase, interruptedByBoot } = entry;
  if (phase === 'starting' || phase === 'watching') {
    const isUpdate = plan.steps.some(({ kind }) => kind === 'restart');
    return await (isUpdate ? finishUpdate(entry, options, journal) : finishStarting(plan, options, journal));
  }
  if (phase === 'applying' && plan.interrupted === 'redo') {
    await redo(plan, options, journal);
    return `recovered: "${plan.title}" was interrupted and is now finished`;
  }
  const booted = interruptedByBoot ? await stopBooted(plan, options) : [];
  // A service that was not yet restarted runs on, unless a boot has started what was to be the new version.
  const begun = phase === 'applying' && !interruptedByBoot ? plan.steps.findIndex(beginsUnits) : -1;
  await undo(plan, begun === -1 ? plan.steps.length : begun, options, journal, undefined);
  await startBooted(booted, options);
  return `recovered: "${plan.title}" was interrupted and is now undone`;
}

async function finishStarting(plan: Plan, options: ApplyOptions, journal: Journal): Promise<string> {
  const stopped = await unitsNotStarted(plan, options.systemd);
  journal.close();
  const start = stopped.length === 0 ? '' : `; start the rest with: systemctl start ${stopped.join(' ')}`;
  return `recovered: "${plan.title}" was interrupted while its services started; it is installed${start}`;
}

async function unitsNotStarted(plan: Plan, systemd: Systemd): Promise<string[]> {
  const units = plan.steps.flatMap((step) => (step.kind === 'start' ? [step.unit] : []));
  const states = await Promise.all(units.map((unit) => systemd.state(unit)));
  return units.filter((_, index) => /^(inactive|failed)$/.test(states[index]?.activeState ?? ''));
}

async function redo(plan: Plan, options: ApplyOptions, journal: Journal): Promise<void> {
  try {
    for (const [index, step] of plan.steps.entries()) {
      await runStep(step, stepContext(options, journal, index, true));
    }
  } catch (error) {
    throw fileSystemError(error, `cannot finish: ${plan.title}`, options.paths.state);
  }
  journal.close();
}
