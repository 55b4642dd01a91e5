import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { SOAK } from '../soak.ts';
import { updateTargets } from '../update-targets.ts';
import { updateServices } from './update.ts';

interface SetOptions {
  unset: string[];
  soak: string;
  authfile?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth set`: an update that gives variables other values. */
export function addSet(program: Command, context: Context): void {
  program
    .command('set')
    .description('set variables of a service; go back by itself when it does not work with them')
    .argument('<name>', 'service')
    .argument('[name=value...]', 'variables; the others stay')
    .option('--unset <NAME>', 'forget what was set, for the image’s default; may be repeated', collect, [])
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch the restarted service for this time', SOAK)
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth set web PORT=8080 --unset COLOR')
    .action((name: string, set: string[], options: SetOptions) => setValues(name, set, options, context));
}

async function setValues(name: string, set: string[], options: SetOptions, context: Context): Promise<void> {
  const { unset } = options;
  if (set.length + unset.length === 0) {
    throw new BerthError('usage', 'nothing to set', { hint: `berth set ${name} NAME=VALUE` });
  }
  const targets = (await updateTargets([name], { ...options, set }, context)).map((target) => ({
    ...target,
    request: (before: Parameters<typeof target.request>[0]) => {
      const request = target.request(before);
      const settings = new Map(request.settings);
      for (const variable of unset) settings.delete(variable);
      return { ...request, settings };
    },
  }));
  await updateServices(`set ${name}`, targets, { ...options, rollback: true }, context);
}

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}
