import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import type { ShownTree } from '../../deployment/mounts/mount-record.ts';
import { BerthError } from '../../errors.ts';
import { mountReadOnly } from '../../linux/mount.ts';
import { loadScanners, noScanners } from '../../scan/load-scanners.ts';
import { runScanner, type ScanResult } from '../../scan/run-scanner.ts';
import type { Scanner } from '../../scan/scanner.ts';
import type { Context } from '../context.ts';
import { withRunDirectory } from '../run-directory.ts';
import { makeShownTree } from '../shown-tree.ts';

interface ScanOptions {
  scanner: string[];
  list?: boolean;
  authfile?: string;
  json?: boolean;
}

/** What one scanner found in one root file system. */
interface Scanned extends ScanResult, Omit<ShownTree, 'tree'> {
  scanner: string;
}

/** The exit status where something was found: no error, but to be told from nothing. */
const FINDINGS = 5;

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth scan`: has programs of the host look at the files of services and images. */
export function addScan(program: Command, context: Context): void {
  program
    .command('scan')
    .description(
      'have scanners look at the files of services or images; ends with 5 when they find something',
    )
    .argument('[name|image...]', 'services, or images of any transport')
    .option('--scanner <scanner>', 'only this one of the host’s scanners; may be repeated', collect, [])
    .option('--list', 'list the scanners that the host declares')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth scan web\n  berth scan --scanner debsums registry.example.com/app:1',
    )
    .action(async (names: string[], options: ScanOptions) => {
      const scanners = loadScanners(context.paths, options.scanner);
      if (options.list) list(scanners, options, context);
      else await scanAll(names, scanners, options, context);
    });
}

function list(scanners: readonly Scanner[], { json }: ScanOptions, { output }: Context): void {
  if (json) output.json(scanners);
  else {
    output.table(
      ['SCANNER', 'DESCRIPTION', 'FILE'],
      scanners.map(({ name, description, file }) => [name, description, file]),
      { elastic: 1 },
    );
  }
}

async function scanAll(
  names: readonly string[],
  scanners: readonly Scanner[],
  options: ScanOptions,
  context: Context,
): Promise<void> {
  const { paths, output } = context;
  if (names.length === 0) throw new BerthError('usage', 'no service or image is named');
  if (!context.systemd().live) {
    throw new BerthError('usage', `nothing runs below ${paths.root}`, { hint: 'leave out --root' });
  }
  if (scanners.length === 0) throw noScanners(paths);
  const all: Scanned[] = [];
  for (const name of names) {
    await scanOne(name, scanners, options, context, (scanned) => {
      all.push(scanned);
      if (!options.json) report(name, scanned, context);
    });
  }
  if (options.json) output.json(all);
  const outcomes = new Set(all.map(({ outcome }) => outcome));
  if (outcomes.has('findings')) context.endWith(FINDINGS);
  else if (outcomes.has('failed')) context.endWith('scanner-failed');
}

async function scanOne(
  name: string,
  scanners: readonly Scanner[],
  { authfile }: ScanOptions,
  context: Context,
  tell: (scanned: Scanned) => void,
): Promise<void> {
  const { signal, output } = context;
  await withRunDirectory('berth-scan-', context, async (directory) => {
    const place = join(directory, 'rootfs');
    // Whatever becomes of the service and the image while the scanners run: they have files of their own.
    const { tree, ...shown } = await context.writing(`scan ${name}`, ({ store }) =>
      makeShownTree(name, { place, store, authfile }, context),
    );
    const [seen, hidden] = [join(directory, 'seen'), join(directory, 'hidden')];
    for (const path of [seen, hidden]) mkdirSync(path);
    mountReadOnly(tree, seen, hidden);
    const unit = `${basename(directory)}.service`;
    for (const scanner of scanners) {
      output.transient(`${name}: ${scanner.name} …`);
      const request = { tree: seen, unit, place: join(directory, `of-${scanner.name}`), signal };
      try {
        const result = await runScanner(scanner, request);
        if (signal.aborted) throw new BerthError('interrupted', `interrupted: scan ${name}`);
        tell({ ...shown, scanner: scanner.name, ...result });
      } finally {
        // Whoever interrupts berth has only ended what waits for the unit.
        await context.systemd().stop(unit);
      }
    }
  });
}

/** What a scanner wrote is indented: none of it can be taken for what berth says. */
function report(name: string, scanned: Scanned, { output }: Context): void {
  const { scanner, outcome, message, report, truncated } = scanned;
  output.data(`${name}: ${scanner}: ${outcome}${message === null ? '' : `: ${message}`}`);
  if (outcome === 'clean') return;
  const lines = report.trimEnd().split('\n');
  if (lines.length > 1 || lines[0] !== '') output.data(lines.map((line) => `  ${line}`).join('\n'));
  if (truncated) output.warn(`${name}: ${scanner}: only the beginning of its report is here`);
}
