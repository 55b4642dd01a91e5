import type { Command } from 'commander';
import { readOrigin } from '../../deployment/origin.ts';
import { interruptedServices } from '../../deployment/pending.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import { readStatus } from '../../deployment/status.ts';
import { Snapshot } from '../../systemd/snapshot.ts';
import type { Context } from '../context.ts';
import { parseLineCount } from '../journal-text.ts';
import { namedServices } from '../named-services.ts';
import { printStatuses, type ShownStatus } from '../status-text.ts';

interface StatusOptions {
  checkUpdate?: boolean;
  lines?: string;
  json?: boolean;
}

/** Of the log of a service that is named, unless said. */
const LINES = 10;

const NO_DETAILS = { sockets: null, drift: null, log: null };

/** `berth status`: how services are, and why one does not run. */
export function addStatus(program: Command, context: Context): void {
  program
    .command('status')
    .description('show how services are and why one does not run; ends with 3 when a named one does not')
    .argument('[name...]', 'services, with their sockets, logs and changed files; all without any, in brief')
    .option('-n, --lines <number>', 'so many lines of the log of a service that is named, 10 unless said')
    .option('--check-update', 'also ask what the names of images stand for now, over the network')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  berth status web\n  berth status --check-update')
    .action((texts: string[], options: StatusOptions) => showStatus(texts, options, context));
}

async function showStatus(texts: string[], options: StatusOptions, context: Context): Promise<void> {
  const { output, paths, signal } = context;
  const lines = texts.length === 0 ? undefined : (parseLineCount(options.lines) ?? LINES);
  const records = namedServices(texts, paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
  const systemd = new Snapshot(context.systemd());
  await systemd.read(records.flatMap(({ units }) => units));
  const host = { paths, systemd, interrupted: interruptedServices(paths) };
  // What is not asked for is not loaded either.
  const { checkUpdates } = options.checkUpdate ? await import('../check-updates.ts') : {};
  const updates = await checkUpdates?.(records, context);
  const { readDetails } = lines === undefined ? {} : await import('../../deployment/status-details.ts');
  const statuses = await Promise.all(
    records.map(
      async (record): Promise<ShownStatus> => ({
        ...(await readStatus(record, host)),
        ...readOrigin(record, paths),
        update: updates?.get(record.service) ?? null,
        ...NO_DETAILS,
        ...(await readDetails?.(record, { paths, systemd, lines: lines ?? 0, signal })),
      }),
    ),
  );
  if (options.json) output.json(statuses);
  else printStatuses(statuses, output);
  const resting = statuses.some(({ running, units }) => !running && units.length > 0);
  if (texts.length > 0 && resting) context.endWith('not-running');
}
