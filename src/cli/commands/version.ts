import { release } from 'node:os';
import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { findRuntime } from '../../runtime/runtime.ts';
import { runtimeVersion } from '../../runtime/runtime-version.ts';
import { loadSettings } from '../../settings.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { Context } from '../context.ts';
import { FORMATS, VERSION } from '../version.ts';

/** `berth version`: what berth is, and what it works with. */
export function addVersion(program: Command, context: Context): void {
  program
    .command('version')
    .description('print the versions of berth and of what it works with; --version has berth’s alone')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth version --json')
    .action(async ({ json }: { json?: boolean }) => {
      const versions = {
        berth: VERSION,
        node: process.versions.node,
        systemd: await orNull(() => systemdVersion(context.systemd())),
        runtime: context.paths.root === '/' ? await orNull(() => findVersion(context.paths)) : null,
        kernel: release(),
        formats: FORMATS,
      };
      if (json) context.output.json(versions);
      else context.output.data(describe(versions));
    });
}

function describe({ formats, ...versions }: Record<string, unknown> & { formats: typeof FORMATS }): string {
  const written = Object.entries(formats).map(([name, version]) => `${name} ${version}`);
  return [...Object.entries(versions), ['formats', written.join(', ')]]
    .map(([name, version]) => `${String(name).padEnd(9)}${version ?? '-'}`)
    .join('\n');
}

async function systemdVersion(systemd: Systemd): Promise<string | null> {
  return (await systemd.version()) || null;
}

async function findVersion(paths: Paths): Promise<string> {
  const { path } = await findRuntime(paths, loadSettings(paths).runtime);
  return `${path}: ${(await runtimeVersion(path)).text}`;
}

/** What is not there, or not to be asked, has no version; why is for `berth doctor` to tell. */
async function orNull(find: () => Promise<string | null>): Promise<string | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof BerthError) return null;
    throw error;
  }
}
