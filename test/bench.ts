import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootHost } from './bench/bench.ts';
import { drawChart } from './bench/chart.ts';
import { describeMachine } from './bench/machine.ts';
import { readOptions } from './bench/options.ts';
import { profileInstall } from './bench/profile/profile-install.ts';
import { type Report, writeReport } from './bench/report.ts';
import type { Result } from './bench/result.ts';
import { SCENARIOS } from './bench/scenarios.ts';
import { CHECKOUT } from './host/checkout.ts';

// npm run bench -- [--quick] [--rounds N] [--only NAME,…] [--docs] [--profile]
// Measures berth and every other tool that is installed, in throwaway hosts whose stores are on a disk.
// Prints tables, and writes bench/results.json, bench/report.md and bench/chart.svg; with --docs also
// what docs/benchmarks.md shows. With --profile it measures nothing, and says where an install's time goes.

const options = readOptions(process.argv.slice(2));
const image = options.quick ? 'bench-small' : 'bench';
const output = join(CHECKOUT, 'bench');
mkdirSync(output, { recursive: true });

if (options.profile) {
  console.log(await profileInstall(bootHost, image, output));
} else {
  const report = await measureAll();
  const text = writeReport(report);
  console.log(text);
  writeFileSync(join(output, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(output, 'report.md'), `${text}\n`);
  writeFileSync(join(output, 'chart.svg'), drawChart(report.results));
  if (options.docs) writeDocs(report, text);
  if (report.failures.length > 0) process.exitCode = 1;
}

async function measureAll(): Promise<Report> {
  const { quick, rounds, only } = options;
  const machine = await describeMachine();
  const results: Result[] = [];
  const failures: string[] = [];
  for (const { name, run } of SCENARIOS.filter((each) => only?.includes(each.name) ?? true)) {
    process.stderr.write(`bench: ${name}\n`);
    try {
      results.push(...(await run({ boot: bootHost, options, image })));
    } catch (error) {
      // What went before is not measured in vain.
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      failures.push(`${name} was not measured: it failed.`);
    }
  }
  return { date: new Date().toISOString(), quick, rounds, machine, results, failures };
}

function writeDocs(report: Report, text: string): void {
  const page = join(CHECKOUT, 'docs/benchmarks.md');
  const begin = '<!-- What follows is written by npm run bench -- --docs. -->\n';
  const [before] = readFileSync(page, 'utf8').split(begin);
  writeFileSync(page, `${before}${begin}\n${text}\n`);
  writeFileSync(join(CHECKOUT, 'docs/benchmarks.svg'), drawChart(report.results));
}
