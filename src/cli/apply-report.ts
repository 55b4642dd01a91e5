import { describeChange, diffBundles } from '../deployment/describe-change.ts';
import type { Paths } from '../paths.ts';
import type { AppliedHost } from '../provision/apply/apply-host.ts';
import { type Action, isChange, type Outcome } from '../provision/apply/outcome.ts';
import type { HostPreview } from '../provision/apply/preview-host.ts';
import { abridge, changeLines } from './change-report.ts';
import type { Context } from './context.ts';
import type { Output } from './output.ts';
import { shortDigest } from './short-digest.ts';

/** What an action would be, and what it was. */
const WORDS: Record<Action, [planned: string, done: string]> = {
  install: ['to be installed', 'installed'],
  update: ['to be updated', 'updated'],
  reconfigure: ['to be reconfigured', 'reconfigured'],
  start: ['to be started', 'started'],
  stop: ['to be stopped', 'stopped'],
  remove: ['to be removed', 'removed'],
  unchanged: ['unchanged', 'unchanged'],
  skip: ['skipped', 'skipped'],
  failed: ['not applied', 'not applied'],
};

/** One line for a person: what becomes, or became, of a service. */
export function outcomeLine(
  { service, action, to, reasons }: Outcome,
  { dryRun }: { dryRun: boolean },
): string {
  const what = WORDS[action][dryRun ? 0 : 1];
  const line = `${service}: ${what}`;
  switch (action) {
    case 'install':
      return to === null ? line : `${line} from ${to.image} (${shortDigest(to.digest)})`;
    case 'update':
    case 'reconfigure':
    case 'skip':
      return `${line}: ${reasons.join(', ')}`;
    default:
      return line;
  }
}

/** All that an apply would do, service by service, with what is rendered as a diff. */
export function previewLines({ outcomes, staged, change }: HostPreview, paths: Paths): string[] {
  const changes = change === undefined ? [] : describeChange(change, paths);
  return outcomes.flatMap((outcome) => {
    const update = changes.find(({ service }) => service === outcome.service);
    const install = staged.find(({ record }) => record.service === outcome.service);
    return [
      outcomeLine(outcome, { dryRun: true }),
      ...(update === undefined ? [] : changeLines(update)),
      ...(install === undefined ? [] : [abridge(diffBundles(undefined, install))]),
    ];
  });
}

/** Says what became of each service and why something did not, which the end says, too. */
export function reportApplied({ outcomes, errors }: AppliedHost, context: Context): void {
  const { output } = context;
  for (const outcome of outcomes) output.note(outcomeLine(outcome, { dryRun: false }));
  for (const { message, hint } of errors) output.error(message, hint);
  if (errors[0] !== undefined) context.endWith(errors[0].code);
}

/** Such as `changed: 3`. */
export function countLine(outcomes: readonly Outcome[]): string {
  return `changed: ${outcomes.filter(isChange).length}`;
}

export function printOutcomes(
  outcomes: readonly Outcome[],
  { dryRun = false }: { dryRun?: boolean },
  output: Output,
): void {
  output.json({ changed: outcomes.filter(isChange).length, dryRun, services: outcomes });
}
