import { BerthError, messageOf } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { Paths } from '../paths.ts';
import type { Store } from '../store/store.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { Plan, Step } from './plan.ts';
import type { StepContext } from './steps/context.ts';
import { isAtomic, runStep, undoStep } from './steps/run-step.ts';

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
  journal.write('applying', plan);
  let starting = false;
  let reached = 0;
  try {
    for (const [index, step] of plan.steps.entries()) {
      options.signal.throwIfAborted();
      if (step.kind === 'start' && !starting) {
        // From here on a crash leaves a finished change: what a service writes from now on is somebody's data.
        journal.write('starting', plan);
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
    journal.write('undoing', plan);
    await undo(plan, reached, options, journal, false);
    throw failure(error, plan, options);
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
  if (entry === undefined) return undefined;
  const { plan } = entry;
  if (entry.phase === 'starting') {
    journal.close();
    return `recovered: "${plan.title}" was interrupted while its services started; it is complete`;
  }
  if (isRedone(entry)) {
    for (const [index, step] of plan.steps.entries()) {
      await runStep(step, stepContext(options, journal, index, true));
    }
    journal.close();
    return `recovered: "${plan.title}" was interrupted and is now finished`;
  }
  await undo(plan, plan.steps.length, options, journal, true);
  return `recovered: "${plan.title}" was interrupted and is now undone`;
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

/** Undoes the first `count` steps, last first. A step that cannot be undone does not keep others from it. */
async function undo(
  plan: Plan,
  count: number,
  options: ApplyOptions,
  journal: Journal,
  recovering: boolean,
): Promise<void> {
  const failures: string[] = [];
  const steps = [...plan.steps.entries()].slice(0, count).reverse();
  for (const [index, step] of steps) {
    try {
      await undoStep(step, stepContext(options, journal, index, recovering));
    } catch (error) {
      failures.push(`${step.kind}: ${messageOf(error)}`);
    }
  }
  if (steps.some(([, step]) => step.kind === 'reload')) {
    await options.systemd.reload().catch((error: unknown) => failures.push(`reload: ${messageOf(error)}`));
  }
  if (failures.length > 0) {
    // The journal stays, so that the next command tries again.
    throw new BerthError('io', `cannot undo: ${plan.title}: ${failures.join('; ')}`, {
      hint: 'mend the cause, then run any berth command: it tries again first',
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

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // Whoever loses the race is followed no further; its failure is that of the abandoned step.
    work.catch(() => undefined);
  }
}
