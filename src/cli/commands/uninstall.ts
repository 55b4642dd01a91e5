import type { Command } from 'commander';
import { describePlan, type PlannedStep, plannedSteps } from '../../deployment/plan/describe-plan.ts';
import { prepareUninstall } from '../../deployment/plan/uninstall.ts';
import { readVendorRecord } from '../../deployment/record.ts';
import { applyRollback } from '../../deployment/rollback.ts';
import { BerthError } from '../../errors.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Context } from '../context.ts';
import { namedService } from '../named-services.ts';

interface UninstallOptions {
  force?: boolean;
  purge?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth uninstall`: takes services off the host; their state directories stay. */
export function addUninstall(program: Command, context: Context): void {
  program
    .command('uninstall')
    .description('stop services and remove what was installed for them; state directories stay')
    .argument('<name...>', 'services')
    .option('--force', 'uninstall what other services require')
    .option('--purge', 'remove what the services keep, too: state directories and drop-ins')
    .option(
      '-y, --yes',
      'do not ask before what services keep is removed; nobody is asked without a terminal',
    )
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth uninstall web')
    .action(async (names: string[], options: UninstallOptions) => {
      const services = [...new Set(names.map((name) => namedService(name)))];
      const host = {
        paths: context.paths,
        systemd: context.systemd(),
        force: options.force ?? false,
        purge: options.purge ?? false,
        warn: (text: string) => context.output.warn(text),
      };
      if (options.dryRun) {
        const plan = await prepareUninstall(services, host);
        if (options.json) printJson(services, plannedSteps(plan), context);
        else context.output.data(describePlan(plan).join('\n'));
        return;
      }
      if (options.purge && !options.yes) await confirmPurge(services, context);
      await context.writing('uninstall', async (session) => {
        const plan = await prepareUninstall(services, host);
        await applyRollback(plan, session);
      });
      if (options.json) printJson(services, null, context);
      else for (const name of services) context.output.note(`${name}: ${outcome(name, context)}`);
    });
}

/** What a service wrote cannot be had again. Throws `interrupted` where the answer is no. */
async function confirmPurge(services: readonly ServiceName[], { prompt }: Context): Promise<void> {
  if (await prompt.confirm(`Remove for ever what ${services.join(', ')} keeps?`)) return;
  throw new BerthError('interrupted', 'interrupted: nothing is uninstalled');
}

/** `steps`: what would be done; null where it was. */
function printJson(names: ServiceName[], steps: PlannedStep[] | null, { output, paths }: Context): void {
  const services = names.map((service) => ({
    service,
    status: steps === null ? 'uninstalled' : 'planned',
    // The vendor's, which is live then.
    deployment: readVendorRecord(paths, service)?.number ?? null,
  }));
  output.json({ dryRun: steps !== null, services, steps });
}

function outcome(name: ServiceName, { paths }: Context): string {
  const vendor = readVendorRecord(paths, name);
  return vendor === undefined ? 'uninstalled' : `back at the vendor's deployment ${vendor.number}`;
}
