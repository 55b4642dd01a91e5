import { BerthError } from '../../errors.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { Step } from '../plan/plan.ts';
import type { ApplyOptions } from './apply.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { runStep } from './steps/run-step.ts';
import { stepContext, undo } from './undo.ts';

/**
 * Ends an update of which everything was in place: what ran before runs in the new version, and stays up for
 * what is left of the time to watch it, or else runs again in the old one. Says which. Throws `interrupted`;
 * the next recovery goes on from there.
 */
export async function finishUpdate(
  entry: JournalEntry,
  options: ApplyOptions,
  journal: Journal,
): Promise<string> {
  const { plan } = entry;
  const run = async (kind: Step['kind']) => {
    for (const [index, step] of plan.steps.entries()) {
      if (step.kind !== kind) continue;
      options.onStep(step, 'begin');
      await runStep(step, stepContext(options, journal, index, true));
      options.onStep(step, 'done');
    }
  };
  const trouble = await troubleOf(untilAborted(bringUp(entry, options, run), options.signal), entry, options);
  const ended = `recovered: "${plan.title}" was interrupted and is now`;
  if (trouble !== '' && !plan.keepStarted) {
    await undo(plan, plan.steps.length, options, journal, undefined);
    return `${ended} undone${trouble}`;
  }
  await run('drop');
  await run('retire');
  journal.close();
  return `${ended} finished${trouble}`;
}

async function bringUp(
  { plan, phase, interruptedByBoot }: JournalEntry,
  { systemd }: ApplyOptions,
  run: (kind: Step['kind']) => Promise<void>,
): Promise<void> {
  // What systemd was perhaps not told to restart runs in the old version, unless a boot has ended it.
  if (phase === 'starting' && !interruptedByBoot) await run('restart');
  for (const { units } of plan.steps.filter((step) => step.kind === 'resume')) {
    for (const unit of units) await systemd.start(unit);
  }
  await run('watch');
}

/** Why units do not run as they should; empty when they do. */
async function troubleOf(
  work: Promise<void>,
  { plan }: JournalEntry,
  { signal }: ApplyOptions,
): Promise<string> {
  try {
    await work;
    return '';
  } catch (error) {
    if (signal.aborted) {
      throw new BerthError('interrupted', `interrupted: finishing what was interrupted: ${plan.title}`, {
        hint: 'berth recover',
        cause: error,
      });
    }
    if (!(error instanceof BerthError) || error.code !== 'unit-failed') throw error;
    return `: ${error.message}`;
  }
}
