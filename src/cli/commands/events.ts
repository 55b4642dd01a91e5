import type { Command } from 'commander';
import { readEvents, type ServiceEvent } from '../../deployment/events/read-events.ts';
import { listServices, readCurrentRecord } from '../../deployment/record.ts';
import { parseDigest } from '../../image/digest.ts';
import type { Context } from '../context.ts';
import { toSecond } from '../moment.ts';
import { namedService } from '../named-services.ts';
import type { Painted } from '../output.ts';
import { shortDigest } from '../short-digest.ts';
import { whileRead } from '../while-read.ts';

interface EventsOptions {
  follow?: boolean;
  since?: string;
  json?: boolean;
}

/** `berth events`: what berth and systemd did to services. */
export function addEvents(program: Command, context: Context): void {
  program
    .command('events')
    .description('show what berth and systemd did to services, in the order of time')
    .argument('[name...]', 'services, also those that are no longer installed; all without any')
    .option('-f, --follow', 'go on with what happens from now on, until Ctrl-C')
    .option('--since <time>', 'from this time on, such as 10min (ago), yesterday, "2026-01-31 12:00"')
    .option('--json', 'print JSON, an object a line')
    .addHelpText('after', '\nExample:\n  berth events -f --since 10min web')
    .action((names: string[], options: EventsOptions) => showEvents(names, options, context));
}

async function showEvents(names: string[], options: EventsOptions, context: Context): Promise<void> {
  const { paths, output, signal } = context;
  const { json, ...span } = options;
  const wanted = names.length === 0 ? listServices(paths) : names.map(namedService);
  const services = new Map(wanted.map((name) => [name, readCurrentRecord(paths, name)?.units ?? []]));
  const query = { ...span, services, all: names.length === 0, root: paths.root };
  const reading = span.follow ? whileRead(output, signal) : signal;
  for await (const event of readEvents(query, reading)) {
    // Of a line that stands there while others come, it would soon be wrong how long ago it was.
    const moment = span.follow ? toSecond(event.time) : output.moment(event.time);
    if (json) output.data(JSON.stringify(event));
    else output.data(`${moment} ${describe(event)}`, FAILED);
    if (output.unread) return;
  }
  if (signal.aborted) context.endWith('interrupted');
}

const FAILED: Painted = { words: / FAILED\b/, paint: () => 'red' };

function describe({
  source,
  service,
  action,
  ok,
  unit,
  image,
  digest,
  message,
  ...numbers
}: ServiceEvent): string {
  const head = `${service ?? '-'} ${action}${ok ? '' : ' FAILED'}`;
  if (source === 'systemd') return `${head} (${unit}): ${message}`;
  const { deployment, previous } = numbers;
  const from = previous === null ? '' : ` ${previous} →`;
  const to = deployment === null ? '' : `${from} deployment ${deployment}`;
  const what =
    image === null || digest === null ? '' : `${to} of ${image} (${shortDigest(parseDigest(digest))})`;
  return `${head}${what}: ${message}`;
}
