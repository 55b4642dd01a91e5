import { describeGoal, figure, megabytes } from './format.ts';
import type { Machine } from './machine.ts';
import { type Goal, isMet, median, type Result, type Series } from './result.ts';

/** Everything that a run of the bench found out; what bench/results.json has. */
export interface Report {
  date: string;
  quick: boolean;
  rounds: number;
  machine: Machine;
  results: Result[];
  /** Scenarios that could not be run to their end, and why. */
  failures: string[];
}

/** The report as Markdown: the goals, then what was measured. */
export function writeReport({ date, quick, rounds, machine, results, failures }: Report): string {
  const goals = results.flatMap(({ title, goals }) =>
    goals.map((goal) => [title, describeGoal(goal), ...verdict(goal)]),
  );
  return [
    `${quick ? 'A quick run, with small images: the ratios are not those of the goals. ' : ''}${date.slice(0, 10)}, ${describe(machine)}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`,
    table(['what', 'goal', 'measured', ''], goals),
    table(
      ['', 'median', 'from', 'to', 'CPU', 'peak memory'],
      results.flatMap(({ title, series }) => [[`**${title}**`, '', '', '', '', ''], ...series.map(row)]),
    ),
    ...notes(results, failures),
  ].join('\n\n');
}

function describe({ cores, memoryBytes, kernel, fileSystem, node, load }: Machine): string {
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB of memory`;
  const disk = `an ext4 image on ${fileSystem}`;
  return `${cores} cores, ${memory}, Linux ${kernel}, ${disk}, Node ${node}, load ${load.toFixed(1)} before`;
}

function verdict(goal: Goal): [string, string] {
  if (goal.value === null) return ['not measured', ''];
  return [figure(goal.value, goal.unit), isMet(goal) ? 'MET' : '**NOT MET**'];
}

function row({ subject, unit, samples, cpuSeconds, peakBytes }: Series): string[] {
  return [
    subject,
    ...[median(samples), Math.min(...samples), Math.max(...samples)].map((value) => figure(value, unit)),
    cpuSeconds === undefined ? '' : figure(cpuSeconds, 's'),
    peakBytes === undefined ? '' : megabytes(peakBytes),
  ];
}

function notes(results: Result[], failures: string[]): string[] {
  const lines = results.flatMap(({ title, notes }) => notes.map((note) => `- ${title}: ${note}`));
  return [[...lines, ...failures.map((failure) => `- **${failure}**`)].join('\n')];
}

/** A table that reads as well before a browser has drawn it. */
function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
