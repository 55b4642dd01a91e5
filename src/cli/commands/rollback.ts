import { type Command, InvalidArgumentError } from 'commander';
import { describeChange, type ServiceChange } from '../../deployment/describe-change.ts';
import { describePlan, plannedSteps } from '../../deployment/plan/describe-plan.ts';
import type { PreparedSwitch, SwitchHost } from '../../deployment/plan/switch.ts';
import { applyRollback, prepareRollback } from '../../deployment/rollback.ts';
import { BerthError } from '../../errors.ts';
import { changedOutcome } from '../change-outcome.ts';
import { changeLines } from '../change-report.ts';
import type { Context } from '../context.ts';
import { namedServices } from '../named-services.ts';

interface RollbackOptions {
  to?: number;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth rollback`: makes a kept deployment the live one again. */
export function addRollback(program: Command, context: Context): void {
  program
    .command('rollback')
    .description('go back to the deployment that was live before, or to any other that is kept')
    .argument('<name...>', 'services')
    .option('--to <number>', 'deployment of the one service, as berth history shows it', readNumber)
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth rollback --to 3 web')
    .action(async (texts: string[], options: RollbackOptions) => {
      const names = namedServices(texts, context.paths);
      if (names.length > 1 && options.to !== undefined) {
        throw new BerthError('usage', '--to is for one service');
      }
      const prepare = () => prepareRollback(names, options.to, switchHost(context));
      if (options.dryRun) {
        const change = await context.reading('rollback --dry-run', prepare);
        report(change, options, context);
        return;
      }
      const change = await context.writing(`rollback ${names.join(' ')}`, async (session) => {
        const prepared = await prepare();
        if (prepared !== undefined) await applyRollback(prepared.plan, session);
        return prepared;
      });
      report(change, options, context);
    });
}

function switchHost(context: Context): SwitchHost {
  const { paths, output } = context;
  return { paths, systemd: context.systemd(), warn: (text) => output.warn(text) };
}

function report(
  change: PreparedSwitch | undefined,
  { dryRun = false, json }: RollbackOptions,
  context: Context,
): void {
  const { output, paths } = context;
  const changes: ServiceChange[] = change === undefined ? [] : describeChange(change, paths);
  if (json) {
    const services = changes.map((each) => changedOutcome(each, dryRun ? 'planned' : 'rolled-back'));
    output.json({ dryRun, services, steps: dryRun ? plannedSteps(change?.plan) : null });
  } else if (change === undefined) output.note('that deployment is the live one');
  else if (dryRun) output.data([...changes.flatMap(changeLines), ...describePlan(change.plan)].join('\n'));
  else {
    for (const line of changes.flatMap(changeLines)) output.note(line);
    for (const { service, to } of changes) output.note(`${service}: rolled back to deployment ${to.number}`);
  }
}

function readNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('not a number of a deployment');
  return Number(text);
}
