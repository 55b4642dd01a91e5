import type { Command } from 'commander';
import { repairWholeStore } from '../../deployment/verify/repair-whole-store.ts';
import { checkStore, type StoreReport } from '../../store/fsck.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { repairHost } from '../repair-host.ts';

interface Options {
  repair?: boolean;
  authfile?: string;
  json?: boolean;
}

/** `berth fsck`: reads all of the store and compares it with what its names promise. */
export function addFsck(program: Command, context: Context): void {
  program
    .command('fsck')
    .description('check all of the store; ends with 1 when something is damaged')
    .option('--repair', 'restore what is damaged; remove it where nothing needs it')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth fsck --repair')
    .action(async (options: Options) => {
      const began = Date.now();
      const [before, after] = options.repair
        ? await context.writing('fsck --repair', async ({ store }) => {
            const first = await checkStore(store, context.signal);
            if (first.problems.length === 0) return [first, first];
            await repairWholeStore(context.paths, repairHost(context, store, options.authfile));
            return [first, await checkStore(store, context.signal)];
          })
        : await context.reading('fsck', async (store) => {
            const report = await checkStore(store, context.signal);
            return [report, report];
          });
      const seconds = (Date.now() - began) / 1000;
      if (options.json) printJson(before, after, seconds, context);
      else tell(before, after, seconds, context);
      if (after.problems.length > 0) context.endWith('store-damaged');
    });
}

function tell(before: StoreReport, after: StoreReport, seconds: number, { output }: Context): void {
  const left = new Set(after.problems.map(line));
  const repaired = before.problems.map(line).filter((text) => !left.has(text));
  for (const text of repaired) output.data(`${text}: repaired`);
  for (const text of left) output.data(text);
  const { objects, layers, blobs, images, bytes } = after;
  output.note(
    `${left.size === 0 ? 'nothing is damaged' : `${left.size} damaged`} (images: ${images}, layers: ${layers}, ` +
      `blobs: ${blobs}, files: ${objects}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s)`,
  );
  if (left.size > 0 && before === after) output.note('Hint: berth fsck --repair');
  // A checkout has links to what was damaged.
  if (repaired.length > 0)
    output.note('Hint: berth verify --repair, for services that have the damage still');
}

function printJson(before: StoreReport, after: StoreReport, seconds: number, { output }: Context): void {
  const left = new Set(after.problems.map(line));
  const { problems, ...counts } = after;
  output.json({
    clean: problems.length === 0,
    problems: problems.map(({ path, what }) => ({ path, what })),
    repaired: before.problems
      .filter((problem) => !left.has(line(problem)))
      .map(({ path, what }) => ({ path, what })),
    ...counts,
    seconds,
  });
}

function line({ path, what }: StoreReport['problems'][number]): string {
  return `${path}: ${what}`;
}
