import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import {
  type HistoryEvent,
  previousDeployment,
  readHistory,
  refuse,
  writeHistory,
} from '../../../src/deployment/history.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { Paths } from '../../../src/paths.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { scratch } from '../layer/scratch.ts';

const WEB = parseServiceName('web');
const REFUSED = {
  digest: `sha256:${'1'.repeat(64)}` as Digest,
  at: '2026-01-01T00:00:00Z',
  why: 'it crashed',
};

function event(number: number, what: HistoryEvent['what'] = 'update'): HistoryEvent {
  return { at: '2026-01-01T00:00:00Z', what, number };
}

function host(test: TestContext): Paths {
  const paths = new Paths(scratch(test));
  mkdirSync(paths.service(WEB), { recursive: true });
  return paths;
}

const ids = (...numbers: number[]) => numbers.map((number) => ({ number }));

test('the previous deployment is the one that was live before, not the one with the number before', () => {
  const history = (...events: HistoryEvent[]) => ({ version: 1 as const, events, refused: null });
  assert.equal(previousDeployment(history(), ids(0), { number: 0 })?.number, undefined);
  assert.equal(previousDeployment(history(event(1)), ids(0, 1), { number: 1 })?.number, 0);
  assert.equal(
    previousDeployment(history(event(1), event(0, 'rollback')), ids(0, 1), { number: 0 })?.number,
    1,
  );
  const back = history(event(1), event(0, 'rollback'), event(2));
  assert.equal(previousDeployment(back, ids(0, 1, 2), { number: 2 })?.number, 0);
  assert.equal(previousDeployment(back, ids(1, 2), { number: 2 })?.number, 1);
});

test('a history keeps its last hundred events, and what is refused', (context) => {
  const paths = host(context);
  assert.deepEqual(readHistory(paths, WEB), { version: 1, events: [], refused: null });
  const events = Array.from({ length: 120 }, (_, number) => event(number));
  writeHistory(paths, WEB, { version: 1, events, refused: null });
  refuse(paths, WEB, REFUSED);
  const read = readHistory(paths, WEB);
  assert.equal(read.events.length, 100);
  assert.equal(read.events.at(-1)?.number, 119);
  assert.deepEqual(read.refused, REFUSED);
});

test('a damaged history is an error that names it', (context) => {
  const paths = host(context);
  for (const text of ['{', '{"version": 2}', '{"version": 1}']) {
    writeFileSync(paths.history(WEB), text);
    assert.throws(() => readHistory(paths, WEB), { code: 'deployment-damaged', message: /history\.json/ });
  }
});
