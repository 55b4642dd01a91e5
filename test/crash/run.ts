import { parseArgs } from 'node:util';
import { Random } from '../random.ts';
import { SCENES } from './scenes.ts';
import type { Subject } from './subject.ts';
import { bootSubject, everyPoint, type Kind, TRIALS, type Trial } from './trials.ts';

// Usage: run.ts [--seed N] [--count N] [--every] [KIND]...
// Lets something go wrong again and again, and looks each time what became of it. Without arguments: 300
// times kill -9, 100 power cuts, and some of all else. `--every` takes each point of `sweep` and `fault`.

const COUNTS: Record<Kind, number> = {
  kill: 300,
  sweep: 100,
  power: 100,
  fault: 100,
  break: 50,
  fill: 50,
  repair: 50,
  crowd: 5,
};

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, count: { type: 'string' }, every: { type: 'boolean' } },
  allowPositionals: true,
});
const kinds = positionals.length === 0 ? (Object.keys(TRIALS) as Kind[]) : positionals.map(parseKind);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const results: string[] = [];
for (const kind of kinds) results.push(await tryKind(kind));
console.log(`\nseed ${seed}\n${results.join('\n')}`);

function parseKind(text: string): Kind {
  if (text in TRIALS) return text as Kind;
  throw new Error(`no such kind: ${text}; there are ${Object.keys(TRIALS).join(', ')}`);
}

/** All trials of a kind, one after the other; the host of one that failed is not used again. */
async function tryKind(kind: Kind): Promise<string> {
  let subject: Subject | undefined = await bootSubject(SCENES);
  let failures = 0;
  const trials = await list(kind, subject);
  for (const [index, trial] of trials.entries()) {
    // A seed of its own: `--count 1` does the same trial again.
    const own = seed + index;
    const tell = (line: string) =>
      console.log(`${kind} ${index + 1} of ${trials.length}, seed ${own}: ${line}`);
    subject ??= await bootSubject(SCENES);
    try {
      await trial(subject, new Random(own), tell);
    } catch (error) {
      failures += 1;
      process.exitCode = 1;
      tell(`FAILED: ${error instanceof Error ? error.stack : error}`);
      await subject.host[Symbol.asyncDispose]();
      subject = undefined;
    }
  }
  await subject?.host[Symbol.asyncDispose]();
  return `${kind}: ${trials.length} trials, ${failures} failed`;
}

async function list(kind: Kind, subject: Subject): Promise<Trial[]> {
  if (values.every && (kind === 'sweep' || kind === 'fault')) return await everyPoint(kind, subject);
  return Array<Trial>(Number(values.count ?? COUNTS[kind])).fill(TRIALS[kind]);
}
