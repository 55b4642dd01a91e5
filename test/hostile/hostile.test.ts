import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bundle, ROOT } from '../../bundle.ts';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import { attacks } from './attacks.ts';
import { BUNDLE, type Verdict } from './orders.ts';

/** Peak of the process that is attacked. */
const MOST_MEMORY = 250_000_000;
/** Milliseconds for all attacks; six minutes were seen on a machine that has much else to do. */
const PATIENCE = 1_500_000;

let host: Host;
const verdicts = new Map<string, Verdict>();

before(
  async () => {
    await bundle({ victim: 'test/hostile/victim.ts' }, BUNDLE);
    host = await Host.boot();
    const runner = `${CHECKOUT}/test/hostile/run.ts`;
    const args = ['--disable-warning=ExperimentalWarning', runner];
    const { stdout, stderr, exitCode } = await host.run(process.execPath, args, { timeout: PATIENCE });
    assert.equal(exitCode, 0, stderr);
    for (const line of stdout.split('\n')) {
      const verdict = JSON.parse(line) as Verdict;
      verdicts.set(verdict.name, verdict);
    }
  },
  { timeout: PATIENCE },
);
after(async () => {
  await host[Symbol.asyncDispose]();
  await rm(join(ROOT, BUNDLE), { recursive: true });
});

for (const { name, cve, outcome } of attacks) {
  test(`${outcome}: ${name}${cve === undefined ? '' : ` (${cve})`}`, () => {
    const verdict = verdicts.get(name) ?? assert.fail('it was not tried');
    assert.deepEqual([verdict.outcome, verdict.wrongs], [outcome, []], verdict.message);
    assert.doesNotMatch(verdict.message, /\p{Cc}/u);
    assert.ok(verdict.peakBytes < MOST_MEMORY, `it took ${verdict.peakBytes} bytes of memory`);
  });
}

test('nothing anywhere else has changed', () => {
  assert.deepEqual(verdicts.get('elsewhere')?.wrongs, []);
});

test('there are enough attacks, each with a name of its own', () => {
  assert.ok(attacks.length >= 80);
  assert.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length);
});
