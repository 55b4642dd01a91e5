import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readBootTimeline } from '../../deployment/boot-timeline.ts';
import { readServiceGraph, withoutImplied } from '../../deployment/service-graph.ts';
import { BerthError } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Context } from '../context.ts';
import { drawDot } from '../graph/dot.ts';
import { drawSvg } from '../graph/svg.ts';
import { timelineRows } from '../graph/timeline.ts';
import { drawTimelineSvg } from '../graph/timeline-svg.ts';
import { drawTree } from '../graph/tree.ts';
import { namedServices } from '../named-services.ts';
import type { Painted } from '../output.ts';
import { stateColor } from '../state-color.ts';

interface GraphOptions {
  boot?: boolean;
  dot?: boolean;
  /** The file, or true for stdout. */
  svg?: string | true;
  json?: boolean;
}

/** `berth graph`: what services wait for, and how they started at the last boot. */
export function addGraph(program: Command, context: Context): void {
  program
    .command('graph')
    .description('show services and what they wait for, or how they started at the last boot')
    .argument('[name...]', 'services; all without any')
    .option('--boot', 'show the last boot of the services as a timeline')
    .option('--dot', 'print the graph for Graphviz')
    .option('--svg [file]', 'draw it as SVG, to stdout without a file')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  berth graph\n  berth graph --boot --svg boot.svg')
    .action(async (texts: string[], options: GraphOptions) => {
      refuseTwoForms(options);
      const names = namedServices(texts, context.paths);
      await (options.boot ? showBoot(names, options, context) : showGraph(names, options, context));
    });
}

async function showGraph(names: ServiceName[], options: GraphOptions, context: Context): Promise<void> {
  const { output, paths } = context;
  const graph = await readServiceGraph(names, paths, context.systemd());
  if (options.json) output.json(graph);
  else if (options.dot) output.data(drawDot(withoutImplied(graph)));
  else if (options.svg !== undefined) writeSvg(drawSvg(withoutImplied(graph)), options.svg, context);
  else if (graph.nodes.length > 0) output.data(drawTree(withoutImplied(graph)).join('\n'), STATES);
}

async function showBoot(names: ServiceName[], options: GraphOptions, context: Context): Promise<void> {
  const { output, paths } = context;
  const systemd = context.systemd();
  if (!systemd.live) {
    throw new BerthError('usage', `--boot: ${paths.root}: no systemd runs there, whose boot could be shown`, {
      hint: 'leave out --boot, or --root',
    });
  }
  const timeline = await readBootTimeline(names, paths, systemd);
  if (options.json) output.json(timeline);
  else if (options.svg !== undefined) writeSvg(drawTimelineSvg(timeline), options.svg, context);
  else {
    const { headers, rows } = timelineRows(timeline, output.width);
    output.table(headers, rows, { paint: (text, column) => (column === 3 ? stateColor(text) : undefined) });
  }
}

/** They stand behind the units' names. */
const STATES: Painted = { words: /(?<= {2})[a-z-]+$/gm, paint: stateColor };

function refuseTwoForms({ boot, dot, svg, json }: GraphOptions): void {
  const forms = [dot && '--dot', svg !== undefined && '--svg', json && '--json'].filter(Boolean);
  if (forms.length > 1) throw new BerthError('usage', `only one of these at a time: ${forms.join(', ')}`);
  if (boot && dot)
    throw new BerthError('usage', '--dot draws no timeline', { hint: 'use --svg with --boot' });
}

function writeSvg(svg: string, file: string | true, { output }: Context): void {
  if (file === true) {
    output.data(svg);
    return;
  }
  try {
    writeFileSync(file, `${svg}\n`);
  } catch (error) {
    throw fileSystemError(error, 'cannot write the drawing', file);
  }
  output.note(`written: ${file}`);
}
