import { type Command, Option } from 'commander';
import { DeclaredApply, type DeclaredOptions } from '../apply-declared.ts';
import { disableBoot, enableBoot } from '../boot-apply.ts';
import type { Context } from '../context.ts';
import { readSoak, SOAK } from '../soak.ts';

interface ApplyCommandOptions extends Omit<DeclaredOptions, 'soak'> {
  soak: string;
  enableBoot?: boolean;
  disableBoot?: boolean;
  boot?: boolean;
}

const ENABLE = 'apply nothing now; do it at every boot, if something else is declared by then';

/** `berth apply`: makes the host have the services that host.yaml declares. */
export function addApply(program: Command, context: Context): void {
  program
    .command('apply')
    .description('make the host have the services that host.yaml declares')
    .option('-f, --file <file>', 'read this file, all *.yaml of a directory, or - for standard input')
    .option('--prune', 'remove services that an earlier apply installed and that are not declared any more')
    .option('--locked', 'fail unless host.lock has exactly the images that are declared')
    .option('--from <path>', 'take the images from a bundle, or from the bundles of a directory')
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch restarted services for this time', SOAK)
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addOption(new Option('--enable-boot', ENABLE).conflicts('disableBoot'))
    .option('--disable-boot', 'apply nothing now, and nothing at boot')
    .addOption(new Option('--boot').hideHelp())
    .addHelpText('after', '\nExamples:\n  berth apply --dry-run\n  berth apply -f services.yaml --prune')
    .action((options: ApplyCommandOptions) => apply(options, context));
}

async function apply(options: ApplyCommandOptions, context: Context): Promise<void> {
  if (options.enableBoot) return await enableBoot(options, context);
  if (options.disableBoot) return await disableBoot(context);
  const declared = await DeclaredApply.open({ ...options, soak: readSoak(options.soak) }, context);
  try {
    if (options.boot) await declared.applyAtBoot();
    else if (options.dryRun) await declared.preview();
    else await declared.apply();
  } finally {
    await declared.close();
  }
}
