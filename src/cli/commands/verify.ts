import type { Command } from 'commander';
import { imagesOfDeployments, imagesWithNames } from '../../deployment/images-in-use.ts';
import { repairStore } from '../../deployment/verify/repair-store.ts';
import {
  type Difference,
  type VerifyOptions,
  type VerifyReport,
  verify,
} from '../../deployment/verify/verify.ts';
import { BerthError } from '../../errors.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Store } from '../../store/store.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { namedServices } from '../named-services.ts';
import { repairHost } from '../repair-host.ts';

interface Options {
  images?: boolean;
  repair?: boolean;
  force?: boolean;
  authfile?: string;
  json?: boolean;
}

/** What a repair came to: `before` is what it found, `after` what it left. */
interface Outcome {
  before: VerifyReport;
  after: VerifyReport;
}

/** `berth verify`: compares services with what was recorded when they were installed. */
export function addVerify(program: Command, context: Context): void {
  program
    .command('verify')
    .description('compare services with what was installed; ends with 1 when something differs')
    .argument('[name...]', 'services; all without any')
    .option('--images', 'check the images in the store that have a name, too')
    .option('--repair', 'restore what differs from the store, and what the store lost from the registry')
    .option(
      '--force',
      'with --repair: put back files that a person changed, too, and keep theirs as .berthsave',
    )
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .action(async (names: string[], options: Options) => {
      if (options.force && !options.repair) {
        throw new BerthError('usage', '--force is for --repair', { hint: 'berth verify --repair --force' });
      }
      const began = Date.now();
      const services = namedServices(names, context.paths);
      const outcome = options.repair
        ? await context.writing('verify --repair', ({ store }) => repair(services, options, store, context))
        : await context.reading('verify', async (store) => {
            const report = look(services, options, store, context, 'none');
            return { before: report, after: report };
          });
      const seconds = (Date.now() - began) / 1000;
      if (options.json) context.output.json({ ...toJson(outcome), services, seconds });
      else tell(outcome, services, seconds, context);
      if (outcome.after.differences.length > 0) context.endWith('deployment-damaged');
    });
}

function look(
  services: ServiceName[],
  options: Options,
  store: Store,
  { paths, output }: Context,
  mending: VerifyOptions['mending'],
): VerifyReport {
  const images = options.images ? imagesWithNames(store) : [];
  const kept = (path: string, as: string) => output.note(`kept ${path}, which was changed, as ${as}`);
  return verify(services, images, { paths, store, mending, kept });
}

async function repair(
  services: ServiceName[],
  options: Options,
  store: Store,
  context: Context,
): Promise<Outcome> {
  const before = look(services, options, store, context, 'none');
  if (before.differences.length === 0) return { before, after: before };
  const uses = imagesOfDeployments(context.paths, ({ message }) => context.output.warn(message)).filter(
    ({ deployment }) => deployment !== undefined && services.includes(deployment.service),
  );
  const images = options.images ? imagesWithNames(store) : [];
  await repairStore([...uses, ...images], repairHost(context, store, options.authfile));
  const mended = look(services, options, store, context, options.force ? 'force' : 'missing');
  if (mended.hostFilesPutBack) await context.systemd().reload();
  return { before, after: look(services, options, store, context, 'none') };
}

function tell(
  { before, after }: Outcome,
  services: ServiceName[],
  seconds: number,
  { output }: Context,
): void {
  const left = new Set(after.differences.map(line));
  const repaired = before.differences.map(line).filter((text) => !left.has(text));
  for (const text of repaired) output.data(`${text}: repaired`);
  for (const text of left) output.data(text);
  const read = `services: ${services.length}, files: ${after.objects}, ${formatBytes(after.bytes)} in ${seconds.toFixed(1)} s`;
  if (left.size === 0) {
    output.note(`nothing differs (${read})`);
    return;
  }
  output.note(`${left.size} ${left.size === 1 ? 'difference' : 'differences'} (${read})`);
  output.note(
    before === after
      ? 'Hint: berth verify --repair'
      : 'Hint: --force puts back host files that were changed; the rest comes with uninstall and install',
  );
}

function toJson({ before, after }: Outcome) {
  const left = new Set(after.differences.map(line));
  return {
    clean: left.size === 0,
    differences: after.differences,
    repaired: before.differences.filter((difference) => !left.has(line(difference))),
    objects: after.objects,
    bytes: after.bytes,
  };
}

/** One line, whatever bytes an image gives its names: they reach terminals. */
function line({ path, what }: Difference): string {
  return `${/[\p{C}\p{Zl}\p{Zp}\uFFFD]/u.test(path) ? JSON.stringify(path) : path}: ${what}`;
}
