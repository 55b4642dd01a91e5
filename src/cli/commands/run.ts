import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { prepareOnce } from '../../deployment/run-once.ts';
import { parseSetting } from '../../deployment/template/values.ts';
import { BerthError } from '../../errors.ts';
import { ImageTrees } from '../../layer/image-trees.ts';
import type { PulledImage } from '../../layer/pull.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import { deleteContainer, runForeground } from '../../runtime/command-line.ts';
import type { HostMount } from '../../runtime/host-mounts.ts';
import { findRuntime, type Runtime } from '../../runtime/runtime.ts';
import { parseStopSignal } from '../../runtime/stop-signal.ts';
import { parseServiceName } from '../../service-name.ts';
import { loadSettings } from '../../settings.ts';
import { recordImage } from '../../store/images.ts';
import { transientCommand } from '../../systemd/transient-service.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';
import type { Context } from '../context.ts';
import { spelledAsNow } from '../open-image.ts';
import { pullToStore } from '../pull-to-store.ts';
import { runAttached } from '../run-attached.ts';
import { withRunDirectory } from '../run-directory.ts';

interface RunOptions {
  set: string[];
  mount: string[];
  tty?: boolean;
  runtime?: string;
  authfile?: string;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth run`: an image as a service that runs once, and that nothing is left of. */
export function addRun(program: Command, context: Context): void {
  program
    .command('run')
    .description(
      'run an image once and remove all but the image afterwards; ends with the status of the command',
    )
    .argument('<image>', 'image of any transport, such as registry.example.com/tool:1')
    .argument('[command...]', 'what runs instead of the image’s Cmd, behind -- where it has options')
    .option('--set <NAME=VALUE>', 'set a variable of the image’s templates; may be repeated', collect, [])
    .option(
      '--mount <SOURCE:PLACE[:ro]>',
      'show what is on the host in the container; may be repeated',
      collect,
      [],
    )
    .option('-t, --tty', 'give the command a terminal, if berth has one')
    .option('--rm', 'remove everything afterwards; this is the default')
    .option('--runtime <path>', 'OCI runtime to run it with')
    .option('--authfile <file>', 'credentials for registries')
    .addHelpText(
      'after',
      '\nExample:\n  berth run --mount /srv/www:/data:ro registry.example.com/tool -- check /data',
    )
    .action((image: string, command: string[], options: RunOptions) => run(image, command, options, context));
}

async function run(text: string, command: string[], options: RunOptions, context: Context): Promise<void> {
  const { paths } = context;
  const systemd = context.systemd();
  if (!systemd.live) {
    throw new BerthError('usage', `nothing runs below ${paths.root}`, { hint: 'leave out --root' });
  }
  const reference = parseImageReference(spelledAsNow(text, context));
  const settings = new Map(options.set.map(parseSetting));
  const mounts = options.mount.map(parseMount);
  const terminal = options.tty === true && process.stdin.isTTY === true;
  const runtime = await findRuntime(paths, options.runtime ?? loadSettings(paths).runtime);
  await withRunDirectory('berth-run-', context, async (directory) => {
    const name = parseServiceName(basename(directory));
    const unit = `${name}.service`;
    const image = await context.writing(`run ${text}`, async ({ store }) => {
      const trees = new ImageTrees(store);
      const pulled = await pullToStore(reference, store, { authfile: options.authfile, trees }, context);
      recordImage(store, pulled.stored);
      const request = { name, image: pulled, command, settings, mounts, terminal };
      await prepareOnce(directory, request, { paths, store, trees, runtime });
      return pulled;
    });
    const service = describeService({ name, directory, image, runtime });
    try {
      const status = await runAttached(await transientCommand({ ...service, unit, terminal }), {
        stdin: true,
      });
      context.endWith(context.signal.aborted ? 'interrupted' : status);
    } finally {
      // Whoever interrupts berth has only ended what waits for the unit.
      await systemd.stop(unit);
    }
  });
}

interface PreparedRun {
  name: ReturnType<typeof parseServiceName>;
  directory: string;
  image: PulledImage;
  runtime: Runtime;
}

function describeService({ name, directory, image, runtime }: PreparedRun) {
  const container = { name, runtime, bundle: directory };
  const cleanUp = [
    deleteContainer(container),
    ['/bin/rm', '--recursive', '--force', '--one-file-system', directory],
  ];
  return {
    description: `berth run ${image.name}`,
    command: runForeground(container),
    properties: [
      'Delegate=yes',
      'KillMode=mixed',
      `KillSignal=${parseStopSignal(image.config.stopSignal).name}`,
      'TimeoutStopSec=30',
      'LimitNOFILE=65536',
      ...cleanUp.map((line) => `ExecStopPost=-${quoteExecLine(line)}`),
    ],
  };
}

function parseMount(text: string): HostMount {
  const [, source, destination, mode] = /^([^:]+):(\/[^:]*)(?::(ro|rw))?$/.exec(text) ?? [];
  if (source !== undefined && destination !== undefined) {
    return { source: resolve(source), destination, readOnly: mode === 'ro' };
  }
  throw new BerthError('usage', `not a mount: --mount ${text}`, {
    hint: 'such as --mount /srv/www:/data:ro',
  });
}
