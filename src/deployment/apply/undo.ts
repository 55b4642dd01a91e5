import { BerthError, messageOf } from '../../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { ApplyOptions } from './apply.ts';
import type { Journal } from './journal.ts';
import type { StepContext } from './steps/context.ts';
import { undoStep } from './steps/run-step.ts';

/**
 * Undoes the first `count` steps, last first. A step that cannot be undone does not keep others from it; but
 * nothing is undone as long as the journal cannot say so: recovery would take for whole what is half undone.
 * `why` is the failure that is the reason; undefined when another process began the change.
 */
export async function undo(
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
  for (const [index, step] of failures.length === 0 ? steps : []) {
    await attempt(step.kind, () => undoStep(step, stepContext(options, journal, index, why === undefined)));
  }
  if (failures.length === 0) await attempt('journal', () => journal.commit());
  if (failures.length > 0) {
    const reason = why === undefined ? '' : ` (to be undone because: ${why.message})`;
    // The journal stays, so that the next command tries again.
    throw new BerthError('io', `cannot undo: ${plan.title}: ${failures.join('; ')}${reason}`, {
      hint: 'mend the cause, then run any berth command that changes something: it tries again first',
      cause: why,
    });
  }
  cleanUp(journal, options);
}

/** Removes what a change that is over has left. What cannot be removed now hinders nothing: later, it is tried again. */
export function cleanUp(journal: Journal, { warn }: Pick<ApplyOptions, 'warn'>): void {
  try {
    journal.clean();
  } catch (error) {
    warn(messageOf(error));
  }
}

/** What a step of this plan needs to run. `recovering`: another process began the change. */
export function stepContext(
  options: ApplyOptions,
  journal: Journal,
  index: number,
  recovering: boolean,
): StepContext {
  const { paths, store, systemd, signal, warn } = options;
  return { paths, store, systemd, signal, warn, recovering, backup: journal.backup(index) };
}
