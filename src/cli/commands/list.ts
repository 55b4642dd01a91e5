import type { Command } from 'commander';
import { findServices, summarize } from '../../deployment/summary.ts';
import { watchServices } from '../../deployment/watch-services.ts';
import { BerthError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { parseFilters } from '../service-filter.ts';
import { printServices } from '../service-table.ts';

/** How often `--watch` reads again what services use, in milliseconds. */
const INTERVAL = 2_000;

interface ListOptions {
  all?: boolean;
  filter: string[];
  quiet?: boolean;
  /** False with `--no-legend`. */
  legend: boolean;
  watch?: boolean;
  json?: boolean;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth list`: the installed services, what systemd says of each and what it uses. */
export function addList(program: Command, context: Context): void {
  program
    .command('list')
    .description('list the installed services')
    .option('-a, --all', 'also list the other units of each service, such as its sockets')
    .option(
      '-f, --filter <KEY=PATTERN>',
      'only services whose state, image or name is like that; may be repeated',
      collect,
      [],
    )
    .option('-q, --quiet', 'print names alone')
    .option('--no-legend', 'print no headers')
    .option('-w, --watch', 'stay, and show each change, until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth list --filter state=failed\n  berth list --quiet --filter "image=httpd*"\n  berth list --watch',
    )
    .action((options: ListOptions) => (options.watch ? watch : list)(options, context));
}

async function list({ filter, quiet, json, ...options }: ListOptions, context: Context): Promise<void> {
  const { paths, output } = context;
  const wanted = parseFilters(filter);
  const services = (await findServices(paths, context.systemd())).map(summarize).filter(wanted);
  if (json) output.json(services);
  else if (!quiet) printServices(services, output, options);
  else if (services.length > 0) output.data(services.map(({ service }) => service).join('\n'));
}

async function watch({ filter, quiet, json, ...options }: ListOptions, context: Context): Promise<void> {
  const { paths, output, signal } = context;
  const systemd = context.systemd();
  const wanted = parseFilters(filter);
  if (quiet || json || !output.redraws || !systemd.live) {
    throw new BerthError('usage', '--watch shows a table on a terminal, of what runs', {
      hint: 'berth events --follow',
    });
  }
  for await (const services of watchServices(paths, systemd, INTERVAL, signal)) {
    output.redraw(() => printServices(services.map(summarize).filter(wanted), output, options));
  }
  context.endWith('interrupted');
}
