import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Paths } from '../../src/paths.ts';
import { loadGraph } from '../../src/systemd/load-graph.ts';
import { OfflineSystemd } from '../../src/systemd/offline-systemd.ts';
import { findCycle, orderUnits } from '../../src/systemd/unit-order.ts';

const UNITS = 200;

/** Seconds to read the files of 200 units, ten dependencies each, to look for a cycle and to order them. */
export async function measureOrder(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  try {
    const paths = new Paths(root);
    const names = writeUnits(paths);
    const began = performance.now();
    const graph = await loadGraph(new OfflineSystemd(paths), names);
    const cycle = findCycle(graph, names);
    const [first] = orderUnits(graph, names);
    const seconds = (performance.now() - began) / 1000;
    if (cycle !== undefined || first !== 'u0.service') throw new Error('the units came out in another order');
    return seconds;
  } finally {
    rmSync(root, { recursive: true });
  }
}

function writeUnits(paths: Paths): string[] {
  mkdirSync(paths.units, { recursive: true });
  const numbers = Array.from({ length: UNITS }, (_, index) => (index * 77) % UNITS);
  for (const number of numbers) {
    const before = Array.from({ length: Math.min(number, 10) }, (_, back) => `u${number - back - 1}.service`);
    const needs = before.map((unit) => `After=${unit}\nRequires=${unit}\n`).join('');
    writeFileSync(paths.unit(`u${number}.service`), `[Unit]\n${needs}[Service]\nExecStart=/bin/true\n`);
  }
  return numbers.map((number) => `u${number}.service`);
}
