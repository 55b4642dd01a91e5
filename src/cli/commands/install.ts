import type { Command } from 'commander';
import { apply } from '../../deployment/apply/apply.ts';
import { type ForeignRootfs, findForeignRootfs } from '../../deployment/foreign-rootfs.ts';
import { describePlan, plannedSteps } from '../../deployment/plan/describe-plan.ts';
import { type InstallRequest, type PreparedInstall, prepareInstall } from '../../deployment/plan/install.ts';
import { type DeploymentRecord, mainUnit } from '../../deployment/record.ts';
import { BerthError } from '../../errors.ts';
import { mayMean, parseImageReference } from '../../reference/image-reference.ts';
import { loadSettings } from '../../settings.ts';
import { quoteShellWord } from '../../systemd/shell-quote.ts';
import type { Bundle } from '../../transport/bundle/open-bundle.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import { changeHost } from '../change-host.ts';
import type { Context } from '../context.ts';
import { installTargets, type TargetOptions } from '../install-targets.ts';
import { openFrom } from '../open-from.ts';
import { withScratchStore } from '../scratch-store.ts';
import { shortDigest } from '../short-digest.ts';

interface InstallOptions extends TargetOptions {
  from?: string;
  runtime?: string;
  force?: boolean;
  now?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** Where what is installed comes from. */
interface Origins {
  images: string[];
  rootfs: ForeignRootfs | undefined;
  bundle: Bundle | undefined;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth install`: makes images into services, all of them or none. */
export function addInstall(program: Command, context: Context): void {
  program
    .command('install')
    .description('install images as systemd services')
    .argument('[image...]', 'images of any transport, such as registry.example.com/httpd:2.4')
    .option('--system', 'install as system services; this is the default')
    .option('--name <name>', 'name of the service instead of the last part of the image’s name')
    .option('--rootfs <dir>', 'run on this root file system; without an image, -- COMMAND says what runs')
    .option('--instance <name>', 'make an instance NAME@INSTANCE; may be repeated', collect, [])
    .option(
      '--set <NAME=VALUE>',
      'set a variable of the image’s templates, with INSTANCE: before it for one instance; may be repeated',
      collect,
      [],
    )
    .option('--values <file>', 'read variables from a YAML file; --set goes before it')
    .option('--runtime <path>', 'OCI runtime that the units start')
    .option('--from <path>', 'take the images from this bundle, or directory of bundles, and use no network')
    .option('--authfile <file>', 'credentials for registries')
    .option('--requires <unit>', 'start only when this unit has started; may be repeated', collect, [])
    .option('--after <unit>', 'start after this unit, if it starts; may be repeated', collect, [])
    .option('--before <unit>', 'start before this unit, if it starts; may be repeated', collect, [])
    .option('--force', 'install although a required unit is not there, or the image is made to run once')
    .option(
      '--socket <address>',
      'start the service when somebody connects to this address, such as 8080, /run/x.sock, udp:514, http=[::1]:80; may be repeated',
      collect,
      [],
    )
    .option('--proxy', 'hand connections to the port of a server that does not take sockets')
    .option('--proxy-to <address>', 'the same, to this address')
    .option('--idle <time>', 'stop the service when nobody was connected to its proxy for this time')
    .option('--no-enable', 'do not start the services at boot')
    .option('--now', 'start the services when they are installed')
    .option('--dry-run', 'print every file and job that would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth install --now --set PORT=8080 registry.example.com/httpd:2.4')
    .action((images: string[], options: InstallOptions) => install(images, options, context));
}

async function install(words: string[], options: InstallOptions, context: Context): Promise<void> {
  const origins = await readOrigins(words, options, context);
  const bundle = await openFrom(options.from, context);
  try {
    await installFrom({ ...origins, bundle }, options, context);
  } finally {
    await bundle?.close();
  }
}

async function installFrom(origins: Origins, options: InstallOptions, context: Context): Promise<void> {
  const request = await makeRequest(origins, options, context);
  if (options.dryRun) {
    await printPlan(request, options, context);
    return;
  }
  const prepared = await context.writing(
    `install ${request.targets.map(({ name }) => name).join(' ')}`,
    async (session) => {
      const result = await prepareInstall(
        request,
        changeHost(context, session.store, { skipRefused: false }),
      );
      if (result.staged.length > 0) await apply(result.plan, session);
      return result;
    },
  );
  report(prepared, request, options, context);
}

/** What would be done, found out in a store that is thrown away: not even the store changes. */
async function printPlan(request: InstallRequest, options: InstallOptions, context: Context): Promise<void> {
  await withScratchStore(context.store(), async (store) => {
    const { plan, staged, present } = await prepareInstall(
      request,
      changeHost(context, store, { skipRefused: false }),
    );
    if (options.json) {
      const planned = staged.map(({ record }) => record);
      const services = [...summarize(planned, 'planned'), ...summarize(present, 'already-installed')];
      context.output.json({ dryRun: true, services, steps: plannedSteps(plan) });
      return;
    }
    notePresent(present, request, context);
    if (plan.steps.length > 0) context.output.data(describePlan(plan).join('\n'));
  });
}

/** What stands behind `--` is a command for a root file system, and else nothing that an image is not. */
async function readOrigins(
  words: string[],
  { rootfs: named }: InstallOptions,
  { command, paths }: Context,
): Promise<Omit<Origins, 'bundle'>> {
  if (named === undefined) {
    if (words.length > 0) return { images: words, rootfs: undefined };
    throw new BerthError('usage', "missing required argument 'image'", { hint: 'berth install --help' });
  }
  const images = words.slice(0, words.length - command.length);
  if (images.length > 0 && command.length > 0) {
    throw new BerthError('usage', `not both: ${images[0]} says itself what runs`, {
      hint: `leave out the image, or: -- ${command.join(' ')}`,
    });
  }
  return { images, rootfs: await findForeignRootfs({ named, command: [...command] }, paths) };
}

async function makeRequest(
  { images, rootfs, bundle }: Origins,
  options: InstallOptions,
  context: Context,
): Promise<InstallRequest> {
  if (options.now && !context.systemd().live) {
    throw new BerthError('usage', `--now starts services: ${context.paths.root}: no systemd runs there`, {
      hint: 'leave out --now; the services start when that system boots',
    });
  }
  return {
    targets: await installTargets(images, options, context, { rootfs, bundle }),
    rootfs,
    runtime: options.runtime ?? loadSettings(context.paths).runtime,
    now: options.now ?? false,
    force: options.force ?? false,
  };
}

function report(
  prepared: PreparedInstall,
  request: InstallRequest,
  options: InstallOptions,
  context: Context,
): void {
  const installed = prepared.staged.map(({ record }) => record);
  if (options.json) {
    const services = [
      ...summarize(installed, 'installed'),
      ...summarize(prepared.present, 'already-installed'),
    ];
    context.output.json({ dryRun: false, services, steps: null });
    return;
  }
  notePresent(prepared.present, request, context);
  for (const record of installed) {
    const { service, image } = record;
    context.output.note(`${service}: installed ${image.name} (${shortDigest(image.manifestDigest)})`);
    const unit = mainUnit(record);
    if (request.now || unit === undefined || !context.systemd().live) continue;
    context.output.note(`start it with: systemctl start ${unit}`);
  }
}

function notePresent(present: DeploymentRecord[], request: InstallRequest, context: Context): void {
  for (const record of present) {
    const { service, image } = record;
    context.output.note(`${service}: already installed from ${image.name}`);
    context.output.note(`Hint: berth update ${service}${changesAsked(record, request)}`);
  }
}

/** The options of an update that makes of an installed service what was asked for now. */
function changesAsked(record: DeploymentRecord, { targets, rootfs }: InstallRequest): string {
  const { image, service } = record;
  const asked = targets.find(({ name }) => name === service)?.image ?? image.name;
  const isImage = !isRootfsImageName(asked) && !mayMean(parseImageReference(asked), image.name);
  const isRootfs = rootfs !== undefined && rootfs.directory !== record.rootfs?.directory;
  return (
    (isImage ? ` --rebase ${asked}` : '') + (isRootfs ? ` --rootfs ${quoteShellWord(rootfs.named)}` : '')
  );
}

function summarize(records: DeploymentRecord[], status: 'planned' | 'installed' | 'already-installed') {
  return records.map((record) => ({
    service: record.service,
    status,
    image: record.image.name,
    digest: record.image.manifestDigest,
    deployment: record.number,
    units: record.units,
    enabled: record.enabled,
  }));
}
