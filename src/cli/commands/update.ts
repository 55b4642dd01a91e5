import type { Command } from 'commander';
import type { ApplyOptions } from '../../deployment/apply/apply.ts';
import { describeChange, type ServiceChange } from '../../deployment/describe-change.ts';
import { freeUnneeded } from '../../deployment/free-unneeded.ts';
import { describePlan, plannedSteps } from '../../deployment/plan/describe-plan.ts';
import type { UpdateHost, UpdateTarget } from '../../deployment/plan/update.ts';
import { applyUpdate, orderTargets, type PreparedUpdate, prepareUpdate } from '../../deployment/update.ts';
import { BerthError, messageOf } from '../../errors.ts';
import { loadSettings } from '../../settings.ts';
import type { Store } from '../../store/store.ts';
import { changeHost } from '../change-host.ts';
import { type ChangeOutcome, changedOutcome, unchangedOutcome } from '../change-outcome.ts';
import { changeLines } from '../change-report.ts';
import type { Context } from '../context.ts';
import { withScratchStore } from '../scratch-store.ts';
import { shortDigest } from '../short-digest.ts';
import { readSoak, SOAK } from '../soak.ts';
import { type UpdateTargetOptions, updateTargets } from '../update-targets.ts';

interface UpdateCommandOptions extends UpdateTargetOptions {
  dryRun?: boolean;
  soak: string;
  rollback: boolean;
  retry?: boolean;
  independent?: boolean;
  json?: boolean;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth update`: brings services to what their images' tags stand for now, and back if that does not work. */
export function addUpdate(program: Command, context: Context): void {
  program
    .command('update')
    .description('update services to the newest image of their tag; go back by itself when one does not work')
    .argument('[name...]', 'services')
    .option('--all', 'all services, but what failed before and what berth.yaml excludes')
    .option('--set <NAME=VALUE>', 'set a variable anew; the others stay; may be repeated', collect, [])
    .option('--values <file>', 'read variables from a YAML file; --set goes before it')
    .option('--rebase <image>', 'take the service from another image from now on')
    .option('--rootfs <dir>', 'run the services on this root file system from now on')
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch the restarted services for this time', SOAK)
    .option('--no-rollback', 'leave the new version in place when it does not work')
    .option('--retry', 'with --all: try what failed before, too')
    .option('--independent', 'update each service by itself, instead of all or none')
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  berth update web\n  berth update --all --soak 1min')
    .action((names: string[], options: UpdateCommandOptions) => update(names, options, context));
}

async function update(names: string[], options: UpdateCommandOptions, context: Context): Promise<void> {
  const targets = await updateTargets(names, options, context);
  await updateServices(`update ${options.all ? '--all' : names.join(' ')}`, targets, options, context);
}

/** How services are updated, whatever asks for it. */
export type UpdateRunOptions = Omit<UpdateCommandOptions, keyof UpdateTargetOptions> & { all?: boolean };

/** Updates services and says so. `title` is what others, who wait, are told is running. Throws as `prepareUpdate` and `applyUpdate`. */
export async function updateServices(
  title: string,
  targets: readonly UpdateTarget[],
  options: UpdateRunOptions,
  context: Context,
): Promise<void> {
  const run = new UpdateRun(options, context);
  if (options.dryRun) {
    await withScratchStore(context.store(), (store) => run.plan(targets, store));
    return;
  }
  await context.writing(title, async (session) => {
    try {
      if (options.independent) await run.each(targets, session);
      else await run.all(targets, session);
    } finally {
      freeUnneeded(session);
    }
  });
  if (options.json) context.output.json({ dryRun: false, services: run.outcomes, steps: null });
}

class UpdateRun {
  readonly outcomes: ChangeOutcome[] = [];
  readonly #options: UpdateRunOptions;
  readonly #context: Context;
  readonly #request: { soak: number; keepStarted: boolean; keep: number };

  constructor(options: UpdateRunOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#request = {
      soak: readSoak(options.soak),
      keepStarted: !options.rollback,
      keep: loadSettings(context.paths).keep,
    };
  }

  async plan(targets: readonly UpdateTarget[], store: Store): Promise<void> {
    const { output } = this.#context;
    const host = { ...this.#host(store), onRefused: () => undefined };
    const prepared = await prepareUpdate({ ...this.#request, targets }, host);
    const changes = this.#note(prepared);
    const { plan } = prepared.change ?? {};
    if (this.#options.json) {
      const services = [...changes.map((change) => changedOutcome(change, 'planned')), ...this.outcomes];
      output.json({ dryRun: true, services, steps: plannedSteps(plan) });
    } else if (plan !== undefined) {
      output.data([...changes.flatMap(changeLines), ...describePlan(plan)].join('\n'));
    }
  }

  async all(targets: readonly UpdateTarget[], session: ApplyOptions): Promise<void> {
    const prepared = await prepareUpdate({ ...this.#request, targets }, this.#host(session.store));
    const changes = this.#note(prepared);
    if (prepared.change === undefined) return;
    for (const change of changes) for (const line of changeLines(change)) this.#context.output.note(line);
    await applyUpdate(prepared.change, session);
    for (const change of changes) this.#updated(change);
  }

  /** One that fails does not keep the others from being updated; the end says that it failed. */
  async each(targets: readonly UpdateTarget[], session: ApplyOptions): Promise<void> {
    for (const target of await orderTargets(targets, session)) {
      try {
        await this.all([target], session);
      } catch (error) {
        if (!(error instanceof BerthError) || error.code === 'interrupted') throw error;
        this.#context.output.error(error.message, error.hint);
        this.#context.endWith(error.code);
        this.outcomes.push(unchangedOutcome(target.name, 'failed', messageOf(error)));
      }
    }
  }

  /** Says what stays as it is, and returns what does not. */
  #note({ current, refused, change }: PreparedUpdate): ServiceChange[] {
    const { output, paths } = this.#context;
    for (const { service, image } of current) {
      output.note(`${service}: up to date (${image.name}, ${shortDigest(image.manifestDigest)})`);
      this.outcomes.push(unchangedOutcome(service, 'up-to-date'));
    }
    for (const { record, refusal } of refused) {
      const { digest, at, why } = refusal;
      output.note(`${record.service}: skipped ${shortDigest(digest)}, which failed at ${at}: ${why}`);
      output.note(`Hint: berth update ${record.service}`);
      this.outcomes.push(unchangedOutcome(record.service, 'skipped', why));
    }
    return change === undefined ? [] : describeChange(change, paths);
  }

  #updated(change: ServiceChange): void {
    const { service, to } = change;
    this.#context.output.note(`${service}: updated to deployment ${to.number} (${shortDigest(to.digest)})`);
    this.outcomes.push(changedOutcome(change, 'updated'));
  }

  #host(store: Store): UpdateHost {
    const { all = false, retry = false } = this.#options;
    return changeHost(this.#context, store, { skipRefused: all && !retry });
  }
}
