import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCase } from './case.ts';
import { KINDS, type KindName, parseKind } from './kinds.ts';
import type { FromReader } from './messages.ts';
import { WatchedReader } from './watched-reader.ts';

// Usage: run.ts [--seed N] [--cases N] [--seconds N] [--only KIND]... | --replay FILE
// Lets every reader of what comes from outside read what it has never seen. A case is the same bytes for the
// same kind, seed and index; one that fails is written to fuzz-failures/KIND-SEED-INDEX, to be read again.

const CASES = 200_000;
const FAILURES = join(import.meta.dirname, '../../fuzz-failures');
/** In bytes, of a process that makes the cases as well. No case is larger than some megabytes. */
const MOST_MEMORY = 512 * 2 ** 20;
/** A fault shows in many cases: after so many it is time to mend it. */
const MOST_FAILURES = 10;
/** Kinds take turns, so that a run that ends early has seen all of them. */
const TURNS = 100;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    cases: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', multiple: true },
    replay: { type: 'string' },
  },
});

interface Total {
  wanted: number;
  cases: number;
  accepted: number;
  compared: number;
  milliseconds: number;
}

if (process.getuid?.() !== 0)
  throw new Error('layers are unpacked with owners and devices: run this as root');
await using reader = new WatchedReader();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = 130;
    interrupted.abort();
    reader.interrupt();
  });
}
if (values.replay === undefined) await fuzz();
else await replay(values.replay);

async function fuzz(): Promise<void> {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const ends = Date.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const totals = plan(values.only?.map(parseKind) ?? (Object.keys(KINDS) as KindName[]));
  console.log(`seed ${seed}`);
  let memory = 0;
  let failures = 0;
  for (let turn = 1; turn <= TURNS; turn += 1) {
    for (const [kind, total] of totals) {
      const to = Math.round((total.wanted * turn) / TURNS);
      while (total.cases < to && Date.now() < ends && failures < MOST_FAILURES) {
        const began = Date.now();
        const result = await reader.run({ do: 'range', kind, seed, from: total.cases, to });
        if (interrupted.signal.aborted) return;
        add(total, result, Date.now() - began);
        memory = Math.max(memory, result.memory);
        if (result.failure === undefined) continue;
        failures += 1;
        report(kind, seed, result.failure);
      }
    }
  }
  tell(totals, memory, failures);
  if (failures > 0 || memory > MOST_MEMORY) process.exitCode = 1;
}

function plan(kinds: KindName[]): Map<KindName, Total> {
  const whole = kinds.reduce((sum, kind) => sum + KINDS[kind].share, 0);
  const all = Number(values.cases ?? CASES);
  const none = { cases: 0, accepted: 0, compared: 0, milliseconds: 0 };
  return new Map(
    kinds.map((kind) => [kind, { ...none, wanted: Math.round((all * KINDS[kind].share) / whole) }]),
  );
}

function add(total: Total, result: FromReader, milliseconds: number): void {
  total.cases += result.cases;
  total.accepted += result.accepted;
  total.compared += result.compared;
  total.milliseconds += milliseconds;
}

function report(kind: KindName, seed: number, { index, error }: { index: number; error: string }): void {
  mkdirSync(FAILURES, { recursive: true });
  const file = join(FAILURES, `${kind}-${seed}-${index}`);
  writeFileSync(file, makeCase({ kind, seed, index }));
  console.log(
    `FAILED: ${kind}, seed ${seed}, case ${index}: ${error}\n  again: npm run fuzz -- --replay ${file}`,
  );
}

function tell(totals: Map<KindName, Total>, memory: number, failures: number): void {
  let all = 0;
  console.log('KIND        CASES  ACCEPTED  COMPARED  CASES/S');
  for (const [kind, { cases, accepted, compared, milliseconds }] of totals) {
    all += cases;
    const numbers = [cases, accepted, compared, Math.round((cases * 1000) / Math.max(milliseconds, 1))];
    const widths = [7, 10, 10, 9];
    console.log(
      kind.padEnd(10) + numbers.map((number, at) => String(number).padStart(widths[at] ?? 0)).join(''),
    );
  }
  console.log(
    `${all} cases, ${failures} failed, ${Math.round(memory / 2 ** 20)} MiB of memory, at most ${MOST_MEMORY / 2 ** 20} are good`,
  );
}

/** Reads the case in a file, whose name begins with its kind. */
async function replay(file: string): Promise<void> {
  const kind = parseKind(basename(file).replace(/-\d+-\d+$/, ''));
  const bytes = readFileSync(file);
  const { accepted, compared, failure } = await reader.run({
    do: 'bytes',
    kind,
    bytes: bytes.toString('base64'),
  });
  if (failure !== undefined) {
    console.log(`FAILED: ${failure.error}`);
    process.exitCode = 1;
  } else {
    console.log(accepted ? `accepted${compared ? ', and read the same by another program' : ''}` : 'refused');
  }
}
