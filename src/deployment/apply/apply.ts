import { BerthError } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { Journal } from './journal.ts';
import { beginsUnits, isAtomic, runStep } from './steps/run-step.ts';
import { stepContext, undo } from './undo.ts';
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

// What waits for others ends at once when the person wants it to.
const WAITS: Step['kind'][] = ['start', 'restart', 'watch'];

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
      if (beginsUnits(step) && !starting) {
        journal.advance('starting');
        starting = true;
      }
      options.onStep(step, 'begin');
      // A step that fails halfway is undone too, if it is of the kind that can be halfway.
      if (!isAtomic(step)) reached += 1;
      const work = runStep(step, stepContext(options, journal, index, false));
      await (WAITS.includes(step.kind) ? untilAborted(work, options.signal) : work);
      reached = index + 1;
      options.onStep(step, 'done');
    }
  } catch (error) {
    const why = failure(error, plan, options);
    if (starting && plan.keepStarted && !options.signal.aborted) {
      journal.close();
      throw why;
    }
    await undo(plan, reached, options, journal, why);
    throw why;
  }
  journal.close();
}

function failure(error: unknown, plan: Plan, { signal, paths }: ApplyOptions): Error {
  if (signal.aborted) {
    return new BerthError('interrupted', `interrupted: ${plan.title}: everything is as it was before`);
  }
  return fileSystemError(error, `cannot ${plan.title}`, paths.state);
}
