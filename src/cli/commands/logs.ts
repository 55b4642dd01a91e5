import type { Command } from 'commander';
import { readCurrentRecord } from '../../deployment/record.ts';
import { readJournal } from '../../systemd/follow-journal.ts';
import type { Context } from '../context.ts';
import { describeEntry, parseLineCount } from '../journal-text.ts';
import { namedServices } from '../named-services.ts';
import { whileRead } from '../while-read.ts';

interface LogsOptions {
  follow?: boolean;
  since?: string;
  until?: string;
  lines?: string;
  boot?: boolean;
  json?: boolean;
}

/** `berth logs`: what services logged, and systemd about them, in one stream. */
export function addLogs(program: Command, context: Context): void {
  program
    .command('logs')
    .description('show what services logged, and what systemd says of them, in the order of time')
    .argument('[name...]', 'services; all without any')
    .option('-f, --follow', 'go on with what is logged from now on, until Ctrl-C')
    .option('--since <time>', 'from this time on, such as 10min (ago), yesterday, "2026-01-31 12:00"')
    .option('--until <time>', 'up to this time')
    .option('-n, --lines <number>', 'only so many of the last entries; with --follow 10 unless said')
    .option('-b, --boot', 'only since the host was booted')
    .option('--json', 'print JSON, an object a line')
    .addHelpText('after', '\nExample:\n  berth logs -f --since 10min web etcd')
    .action((names: string[], options: LogsOptions) => showLogs(names, options, context));
}

async function showLogs(names: string[], options: LogsOptions, context: Context): Promise<void> {
  const { paths, output, signal } = context;
  const { lines, json, ...wanted } = options;
  const records = namedServices(names, paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
  const services = new Map(records.flatMap(({ service, units }) => units.map((unit) => [unit, service])));
  // Without a unit to look for, journalctl would show all there is.
  if (services.size === 0) return;
  const query = { ...wanted, units: [...services.keys()], root: paths.root, lines: parseLineCount(lines) };
  const reading = wanted.follow ? whileRead(output, signal) : signal;
  for await (const entry of readJournal(query, reading)) {
    if (json) output.data(JSON.stringify({ service: services.get(entry.unit) ?? null, ...entry }));
    else output.data(describeEntry(entry));
    if (output.unread) return;
  }
  if (signal.aborted) context.endWith('interrupted');
}
