import type { Command } from 'commander';
import { imagesWithNames } from '../../deployment/images-in-use.ts';
import { type RepairOutcome, repairServices } from '../../deployment/verify/repair-services.ts';
import type { Difference } from '../../deployment/verify/verify.ts';
import { verifySides } from '../../deployment/verify/verify-sides.ts';
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

/** Without a repair, nothing changes from `before` to `after`. */
interface Outcome extends RepairOutcome {
  services: ServiceName[];
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
    .addHelpText('after', '\nExample:\n  berth verify --repair web')
    .action(async (names: string[], options: Options) => {
      if (options.force && !options.repair) {
        throw new BerthError('usage', '--force is for --repair', { hint: 'berth verify --repair --force' });
      }
      const began = Date.now();
      // Asked for when nobody writes: an interrupted install has been undone then.
      const services = () => namedServices(names, context.paths);
      const outcome = options.repair
        ? await context.writing('verify --repair', ({ store }) => repair(services(), options, store, context))
        : await context.reading('verify', (store) => look(services(), options, store, context));
      const seconds = (Date.now() - began) / 1000;
      if (options.json) context.output.json({ ...toJson(outcome), seconds });
      else tell(outcome, seconds, context);
      if (outcome.after.differences.length > 0) context.endWith('deployment-damaged');
    });
}

async function look(
  services: ServiceName[],
  options: Options,
  store: Store,
  { paths, signal }: Context,
): Promise<Outcome> {
  const images = options.images ? imagesWithNames(store) : [];
  const report = await verifySides(services, images, {
    paths,
    store,
    signal,
    mending: 'none',
    kept: () => {},
  });
  return { services, before: report, after: report };
}

async function repair(
  services: ServiceName[],
  { images = false, force = false, authfile }: Options,
  store: Store,
  context: Context,
): Promise<Outcome> {
  const { paths, output, signal } = context;
  const kept = (path: string, as: string) => output.note(`kept ${path}, which was changed, as ${as}`);
  const what = { paths, store, signal, services, images, force, kept, systemd: context.systemd() };
  return { services, ...(await repairServices(what, repairHost(context, store, authfile))) };
}

function tell({ services, before, after }: Outcome, seconds: number, { output }: Context): void {
  const left = new Set(after.differences.map(line));
  const repaired = before.differences.map(line).filter((text) => !left.has(text));
  for (const text of repaired) output.data(`${text}: repaired`);
  for (const text of left) output.data(text);
  const read = `services: ${services.length}, files: ${after.objects}, ${formatBytes(after.bytes)} in ${seconds.toFixed(1)} s`;
  for (const directory of after.foreign) {
    output.note(`not compared: ${directory}: this root file system is not berth's`);
  }
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

function toJson({ services, before, after }: Outcome) {
  const left = new Set(after.differences.map(line));
  return {
    clean: left.size === 0,
    differences: after.differences,
    repaired: before.differences.filter((difference) => !left.has(line(difference))),
    objects: after.objects,
    bytes: after.bytes,
    notCompared: after.foreign,
    services,
  };
}

/** One line, whatever bytes an image gives its names: they reach terminals. */
function line({ path, what }: Difference): string {
  return `${/[^\x20-\x7e]/.test(path) ? printable(path) : path}: ${what}`;
}

function printable(path: string): string {
  return JSON.stringify(path).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
