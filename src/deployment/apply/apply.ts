import { BerthError, isErrno } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { untilAborted } from '../../until-aborted.ts';
import { ChangeLog } from '../events/change-log.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { Journal } from './journal.ts';
import { beginsUnits, runStep } from './steps/run-step.ts';
import { cleanUp, stepContext, undo } from './undo.ts';

export interface ApplyOptions {
  paths: Paths;
  store: Store;
  systemd: Systemd;
  /** Ends the change between two steps, or while a unit is starting; it is then undone. */
  signal: AbortSignal;
  onStep(step: Step, event: 'begin' | 'done'): void;
  warn(text: string): void;
}

// What waits for others ends at once when the person wants it to.
const WAITS: Step['kind'][] = ['start', 'restart', 'watch'];

/**
 * Runs a plan under the journal. Either all steps are done when this returns, or it throws and every
 * step is undone. After a crash in between, `recover` brings about the one or the other.
 * The caller holds the writer lock.
 */
export async function apply(plan: Plan, options: ApplyOptions): Promise<void> {
  const log = new ChangeLog(plan, options);
  try {
    await run(plan, options);
  } catch (error) {
    log.failed(error);
    throw error;
  }
  log.done();
}

async function run(plan: Plan, options: ApplyOptions): Promise<void> {
  const journal = new Journal(options.paths);
  let starting = false;
  let reached = 0;
  let at: Step | undefined;
  try {
    journal.begin(plan);
    for (const [index, step] of plan.steps.entries()) {
      options.signal.throwIfAborted();
      if (beginsUnits(step) && !starting) {
        journal.advance('starting');
        starting = true;
      }
      if (step.kind === 'watch') journal.advance('watching');
      options.onStep(step, 'begin');
      at = step;
      reached = index + 1;
      const work = runStep(step, stepContext(options, journal, index, false));
      await (WAITS.includes(step.kind) ? untilAborted(work, options.signal) : work);
      options.onStep(step, 'done');
    }
    journal.commit();
  } catch (error) {
    const why = failure(error, plan, at, options);
    if (starting && plan.keepStarted && !options.signal.aborted) {
      for (const [index, step] of plan.steps.entries()) {
        if (step.kind === 'drop' || step.kind === 'retire')
          await runStep(step, stepContext(options, journal, index, false));
      }
      journal.close();
      throw why;
    }
    // A step that failed may have been halfway.
    const halfway = at !== undefined && isRefusal(error) ? reached - 1 : reached;
    await undo(plan, halfway, options, journal, why);
    throw why;
  }
  cleanUp(journal, options);
}

/** True when a step has done nothing because something is in its place, which is not for its undo to remove. */
function isRefusal(error: unknown): boolean {
  if (error instanceof BerthError) return error.code === 'host-file-conflict';
  return isErrno(error, 'EEXIST', 'ENOTEMPTY');
}

function failure(error: unknown, plan: Plan, at: Step | undefined, { signal, paths }: ApplyOptions): Error {
  if (signal.aborted) {
    return new BerthError('interrupted', `interrupted: ${plan.title}: everything is as it was before`);
  }
  return fileSystemError(error, `cannot ${plan.title}`, placeOf(at, paths));
}

/** Where a step writes: a full disk is one of several. */
function placeOf(step: Step | undefined, paths: Paths): string {
  switch (step?.kind) {
    case 'file':
    case 'symlink':
    case 'directory':
    case 'remove-directory':
    case 'save':
      return paths.locate(step.path);
    case 'replace':
      return paths.locate(step.by.path);
    case 'remove':
      return paths.locate(step.file.path);
    default:
      return paths.state;
  }
}
