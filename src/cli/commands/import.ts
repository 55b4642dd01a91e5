import type { Command } from 'commander';
import { freeUnneeded } from '../../deployment/free-unneeded.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import { BerthError } from '../../errors.ts';
import { readLimits } from '../../image/limits.ts';
import type { Paths } from '../../paths.ts';
import { type ApplyRequest, applyHost } from '../../provision/apply/apply-host.ts';
import { isChange } from '../../provision/apply/outcome.ts';
import type { OpenDeclared } from '../../provision/apply/targets.ts';
import type { DeclaredService } from '../../provision/declared-service.ts';
import { type OpenExport, openExport } from '../../provision/export/open-export.ts';
import { loadSettings } from '../../settings.ts';
import type { Bundle } from '../../transport/bundle/open-bundle.ts';
import { previewLines, printOutcomes, reportApplied } from '../apply-report.ts';
import { changeHost } from '../change-host.ts';
import type { Context } from '../context.ts';
import { namedService } from '../named-services.ts';
import { previewApply } from '../preview-apply.ts';
import { readSoak, SOAK } from '../soak.ts';
import { addImportQuadlet } from './import-quadlet.ts';

interface Options {
  name?: string;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth import`: services that were exported elsewhere. */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command('import')
    .description('install services from files of berth export; import quadlet reads Podman’s files')
    .argument('<file...>', 'what berth export wrote')
    .option('--name <name>', 'call the service so')
    .option('--force', 'change services of these names that are there')
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth import web.tar')
    .action((files: string[], options: Options) => importFiles(files, options, context));
  addImportQuadlet(command, context);
}

async function importFiles(files: string[], options: Options, context: Context): Promise<void> {
  const { paths, signal } = context;
  const limits = readLimits(loadSettings(paths).limits);
  const opened: OpenExport[] = [];
  try {
    for (const file of files) opened.push(await openExport(file, paths, { limits, signal }));
    const request = requestFor(opened, options, context);
    noteMounts(request.services, context);
    await (options.dryRun ? preview : change)(request, options, context);
  } finally {
    for (const { bundle } of opened) await bundle.close();
  }
}

function requestFor(opened: readonly OpenExport[], options: Options, { paths }: Context): ApplyRequest {
  const bundles = new Map<DeclaredService, Bundle>();
  for (const { bundle, services } of opened) {
    for (const service of services) bundles.set(rename(service, options), bundle);
  }
  const services = [...bundles.keys()];
  refuseCollisions(services, options, paths);
  const { runtime, keep } = loadSettings(paths);
  const open: OpenDeclared = (service) => {
    const bundle = bundles.get(service);
    if (bundle === undefined) throw new TypeError('a service of no bundle');
    return bundle.open(service.image);
  };
  return { services, open, declared: false, prune: false, runtime, keep, soak: readSoak(SOAK) };
}

function rename(service: DeclaredService, { name }: Options): DeclaredService {
  return name === undefined ? service : { ...service, name: namedService(name) };
}

/** Nobody's service becomes another one by accident. Throws `usage`. */
function refuseCollisions(
  services: readonly DeclaredService[],
  { name, force }: Options,
  paths: Paths,
): void {
  const names = services.map((service) => service.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined) {
    throw new BerthError('usage', `two services would be called ${twice}`, {
      hint: name === undefined ? 'import each file for itself, with --name' : 'leave out --name',
    });
  }
  const there = names.find((each) => readCurrentRecord(paths, each) !== undefined);
  if (there === undefined || force) return;
  throw new BerthError('unit-conflict', `cannot import ${there}: a service of this name is installed`, {
    hint: 'add --name NAME to have both, or --force to change the one that is there',
  });
}

async function preview(request: ApplyRequest, options: Options, context: Context): Promise<void> {
  await previewApply(request, { skipRefused: false }, context, (found) => {
    if (options.json) printOutcomes(found.outcomes, options, context.output);
    else context.output.data(previewLines(found, context.paths).join('\n'));
  });
}

async function change(request: ApplyRequest, options: Options, context: Context): Promise<void> {
  const names = request.services.map(({ name }) => name).join(' ');
  const applied = await context.writing(`import ${names}`, async (session) => {
    try {
      return await applyHost(request, changeHost(context, session.store, { skipRefused: false }), session);
    } finally {
      freeUnneeded(session);
    }
  });
  reportApplied(applied, context);
  const changed = new Set(applied.outcomes.filter(isChange).map(({ service }) => service));
  const imported = request.services.filter(({ name }) => changed.has(name));
  noteUpdates(imported, context);
  if (options.json) printOutcomes(applied.outcomes, options, context.output);
}

/** Somebody else chose what they see of this host. */
function noteMounts(services: readonly DeclaredService[], { output }: Context): void {
  for (const { name, mounts } of services) {
    for (const { source, destination, readOnly } of mounts) {
      const access = readOnly ? 'read' : 'read and write';
      output.note(`${name}: may ${access} ${source} of this host, at ${destination}`);
    }
  }
}

/** The update policy of a service is in host.yaml, and no host.yaml of this host has these. */
function noteUpdates(services: readonly DeclaredService[], { output }: Context): void {
  const names = services.filter(({ update }) => update !== 'auto').map(({ name }) => name);
  if (names.length === 0) return;
  output.note(`the automatic update, where it is enabled, takes part in: ${names.join(', ')}`);
  output.note('Hint: name what it is to leave alone as autoUpdate.exclude in /etc/berth/berth.yaml');
}
