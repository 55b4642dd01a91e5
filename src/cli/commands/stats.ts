import type { Command } from 'commander';
import { measureServices, type ServiceUsage } from '../../deployment/measure-services.ts';
import { BerthError } from '../../errors.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { formatCpuTime } from '../cpu-time.ts';
import { namedServices } from '../named-services.ts';

/** Between two samples, in milliseconds; for a single one it is what it takes. */
const [INTERVAL, SINGLE] = [2_000, 1_000];

interface StatsOptions {
  /** False with `--no-stream`. */
  stream: boolean;
  json?: boolean;
}

/** `berth stats`: what services use of the machine. */
export function addStats(program: Command, context: Context): void {
  program
    .command('stats')
    .alias('top')
    .description('show what running services use of the machine, every 2 s until Ctrl-C')
    .argument('[name...]', 'services; all without any')
    .option('--no-stream', 'measure for 1 s, and show that alone')
    .option('--json', 'print JSON, an object a line')
    .addHelpText('after', '\nExamples:\n  berth stats\n  berth stats --no-stream web')
    .action((names: string[], options: StatsOptions) => showStats(names, options, context));
}

async function showStats(texts: string[], { stream, json }: StatsOptions, context: Context): Promise<void> {
  const { paths, output, signal } = context;
  const systemd = context.systemd();
  if (!systemd.live) {
    throw new BerthError('usage', `nothing runs below ${paths.root}`, { hint: 'leave out --root' });
  }
  const names = namedServices(texts, paths);
  const isWanted = (name: (typeof names)[number]) => texts.length === 0 || names.includes(name);
  const redraws = stream && !json && output.redraws;
  let samples = 0;
  for await (const usages of measureServices(
    isWanted,
    { paths, systemd },
    stream ? INTERVAL : SINGLE,
    signal,
  )) {
    samples += 1;
    if (redraws) output.redraw(() => printUsages(usages, context, { legend: true, time: false }));
    // The first only tells from where on to count.
    else if (samples > 1) {
      if (json) for (const usage of usages) output.data(JSON.stringify(usage));
      else printUsages(usages, context, { legend: samples === 2, time: stream });
      if (!stream || output.unread) return;
    }
  }
  context.endWith('interrupted');
}

function printUsages(
  usages: readonly ServiceUsage[],
  { output }: Context,
  { legend, time }: { legend: boolean; time: boolean },
): void {
  // Where the kernel does not count it, nobody wants to see that everywhere.
  const io = usages.some(({ ioReadBytes }) => ioReadBytes !== null);
  const headers = ['NAME', 'CPU %', 'CPU', 'MEMORY', 'TASKS', ...(io ? ['READ', 'WRITTEN'] : [])];
  const rows = usages.map((usage) => [
    usage.service,
    usage.cpuPercent === null ? '-' : usage.cpuPercent.toFixed(1),
    usage.cpuSeconds === null ? '-' : formatCpuTime(usage.cpuSeconds),
    bytesOf(usage.memoryBytes),
    String(usage.tasks ?? '-'),
    ...(io ? [bytesOf(usage.ioReadBytes), bytesOf(usage.ioWrittenBytes)] : []),
  ]);
  output.table(
    time ? ['TIME', ...headers] : headers,
    time ? rows.map((row, index) => [output.moment(usages[index]?.time ?? ''), ...row]) : rows,
    { legend },
  );
}

function bytesOf(bytes: number | null): string {
  return bytes === null ? '-' : formatBytes(bytes);
}
