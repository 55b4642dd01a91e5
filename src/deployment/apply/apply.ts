import { BerthError, messageOf } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { StepContext } from './steps/context.ts';
import { isAtomic, runStep, undoStep } from './steps/run-step.ts';
import { untilAborted } from './until-aborted.ts';

export interface ApplyOptions {
  paths: Paths;
  store: Store;
  systemd: Systemd;
  /** Ends the change between two steps, or while a unit is starting; it is then undone. */
  signal: AbortSignal;
  onStep(step: Step, event: 'begin' | 'done'): void;
  warn(text: string): void;
}

/**
 * Runs a plan under the journal. Either all steps are done when this returns, or it throws and every
 * step is undone. After a crash in between, `recover` brings about the one or the other.
 * The caller holds the writer lock.
 */
export async function apply(plan: Plan, options: ApplyOptions): Promise<void> {
  const journal = new Journal(options.paths);
  let starting = false;
  let reached = 0;
  try {
    journal.begin(plan);
    for (const [index, step] of plan.steps.entries()) {
      options.signal.throwIfAborted();
      if (step.kind === 'start' && !starting) {
        // From here on a crash leaves a finished change: what a service writes from now on is somebody's data.
        journal.advance('starting');
        starting = true;
      }
      options.onStep(step, 'begin');
      // A step that fails halfway is undone too, if it is of the kind that can be halfway.
      if (!isAtomic(step)) reached += 1;
      const work = runStep(step, stepContext(options, journal, index, false));
      await (step.kind === 'start' ? untilAborted(work, options.signal) : work);
      reached = index + 1;
      options.onStep(step, 'done');
    }
  } catch (error) {
    const why = failure(error, plan, options);
    await undo(plan, reached, options, journal, why);
    throw why;
  }
  journal.close();
}

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
  const { plan } = entry;
  if (entry.phase === 'starting') {
    const stopped = await unitsNotStarted(plan, options.systemd);
    journal.close();
    const start = stopped.length === 0 ? '' : `; start the rest with: systemctl start ${stopped.join(' ')}`;
    return `recovered: "${plan.title}" was interrupted while its services started; it is installed${start}`;
  }
  if (isRedone(entry)) {
    await redo(plan, options, journal);
    return `recovered: "${plan.title}" was interrupted and is now finished`;
  }
  await undo(plan, plan.steps.length, options, journal, undefined);
  return `recovered: "${plan.title}" was interrupted and is now undone`;
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

function failure(error: unknown, plan: Plan, { signal, paths }: ApplyOptions): Error {
  if (signal.aborted) {
    return new BerthError('interrupted', `interrupted: ${plan.title}: everything is as it was before`);
  }
  return fileSystemError(error, `cannot ${plan.title}`, paths.state);
}

function isRedone(entry: JournalEntry): boolean {
  return entry.phase === 'applying' && entry.plan.interrupted === 'redo';
}

/**
 * Undoes the first `count` steps, last first. A step that cannot be undone does not keep others from it.
 * `why` is the failure that is the reason; undefined when another process began the change.
 */
async function undo(
  plan: Plan,
  count: number,
  options: ApplyOptions,
  journal: Journal,
  why: Error | undefined,
): Promise<void> {
  const failures: string[] = [];
  const attempt = async (what: string, work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
    }
  };
  const steps = [...plan.steps.entries()].slice(0, count).reverse();
  if (steps.length > 0) await attempt('journal', () => journal.advance('undoing'));
  for (const [index, step] of steps) {
    await attempt(step.kind, () => undoStep(step, stepContext(options, journal, index, why === undefined)));
  }
  if (steps.some(([, step]) => step.kind === 'reload')) {
    await attempt('reload', () => options.systemd.reload());
  }
  if (failures.length > 0) {
    const reason = why === undefined ? '' : ` (to be undone because: ${why.message})`;
    // The journal stays, so that the next command tries again.
    throw new BerthError('io', `cannot undo: ${plan.title}: ${failures.join('; ')}${reason}`, {
      hint: 'mend the cause, then run any berth command that changes something: it tries again first',
      cause: why,
    });
  }
  journal.close();
}

function stepContext(
  options: ApplyOptions,
  journal: Journal,
  index: number,
  recovering: boolean,
): StepContext {
  const { paths, store, systemd, warn } = options;
  return { paths, store, systemd, warn, recovering, backup: journal.backup(index) };
}
