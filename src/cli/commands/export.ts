import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type DeploymentRecord, listServices, mainUnit, readCurrentRecord } from '../../deployment/record.ts';
import { BerthError } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { readApplied } from '../../provision/apply/applied.ts';
import { exportServices } from '../../provision/export/export-services.ts';
import { type ExportedService, exportedService } from '../../provision/export/exported-service.ts';
import { baseName } from '../../service-name.ts';
import { Store } from '../../store/store.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { describeDeclared } from '../describe-declared.ts';
import { namedService, namedServices } from '../named-services.ts';
import { CopyReport } from '../progress.ts';
import { refuseExisting } from '../refuse-existing.ts';

interface Options {
  output?: string;
  force?: boolean;
  json?: boolean;
}

/** `berth export`: installed services in one file, to be imported on another host. */
export function addExport(program: Command, context: Context): void {
  program
    .command('export')
    .description(
      'write services with their images and settings into one file, for berth import on another host',
    )
    .argument('<name...>', 'services; the name that instances have in common means all of them')
    .option('-o, --output <file>', 'the file; NAME.tar here, if it is one service')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe values of the services are in the file, secret ones, too: only its owner can read it.' +
        '\nWhat services keep below /var/lib is not in it.\n\nExample:\n  berth export -o web.tar web',
    )
    .action((names: string[], options: Options) => exportNamed(names, options, context));
}

async function exportNamed(words: string[], options: Options, context: Context): Promise<void> {
  const { output, signal } = context;
  const path = resolve(options.output ?? defaultPath(words));
  if (!options.force) refuseExisting(path);
  const report = new CopyReport(output);
  const { services, bytes } = await context.reading(`export ${words.join(' ')}`, async () => {
    const exported: ExportedService[] = [];
    for (const record of recordsOf(words, context)) exported.push(await describe(record, context));
    output.transient('packing …');
    const onProgress = report.show.bind(report);
    try {
      const counts = await exportServices(path, exported, {
        signal,
        onProgress,
        replace: options.force ?? false,
      });
      return { services: exported.map(({ service }) => service), ...counts };
    } catch (error) {
      throw fileSystemError(error, 'cannot write', path);
    }
  });
  if (options.json) output.json({ path, services: services.map(describeDeclared), bytes });
  else output.note(`wrote ${path}: ${services.map(({ name }) => name).join(', ')} (${formatBytes(bytes)})`);
}

function defaultPath([first, ...others]: string[]): string {
  if (first !== undefined && others.length === 0) return `${namedService(first)}.tar`;
  throw new BerthError('usage', 'several services go into one file that is named', { hint: 'add -o FILE' });
}

/** Throws `service-not-found`. */
function recordsOf(words: string[], { paths }: Context): DeploymentRecord[] {
  const installed = listServices(paths);
  const names = words.flatMap((word) => {
    const name = namedService(word);
    const instances = installed.filter((each) => baseName(each) === name);
    return installed.includes(name) || instances.length === 0 ? [name] : instances;
  });
  return namedServices(names, paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
}

/** How a service is kept is not in its record: systemd knows it, and what was applied. */
async function describe(record: DeploymentRecord, context: Context): Promise<ExportedService> {
  const { enabled } = record;
  // What no host.yaml declares, the automatic update takes.
  const update = readApplied(context.paths).update[record.service] ?? 'auto';
  const unit = mainUnit(record);
  const systemd = context.systemd();
  const store = new Store(context.paths.sideOf(record).store);
  const [state] = unit === undefined ? [] : await systemd.summaries([unit]);
  if (state === undefined) return exportedService(record, { enabled, started: true, update }, store);
  const isStatic = !/^(?:enabled|disabled)/.test(state.unitFileState);
  const kept = {
    enabled: isStatic ? enabled : state.unitFileState.startsWith('enabled'),
    started: systemd.live ? /^(?:active|activating|reloading)$/.test(state.activeState) : enabled,
    update,
  };
  return exportedService(record, kept, store);
}
