import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCulprit } from '../../../src/systemd/culprit.ts';
import { dependencyFailure, describeCulprit } from '../../../src/systemd/start-failure.ts';
import type { LinkKind } from '../../../src/systemd/unit-links.ts';
import { parseUnitName } from '../../../src/systemd/unit-name.ts';
import { unitState } from '../../../src/systemd/unit-state.ts';

/** Units that failed and what needs what, as no systemd would show it at will. */
class FakeUnits {
  readonly #lines: string[];
  readonly #failed: string[];

  constructor(lines: string[], failed: string[]) {
    this.#lines = lines;
    this.#failed = failed;
  }

  async report(unit: string) {
    const links = this.#lines.map((line) => {
      const [from = '', kind, to = ''] = line.split(' ');
      return { from, kind: kind as LinkKind, to };
    });
    const state = this.#failed.includes(unit) ? 'failed' : 'inactive';
    const properties = { ActiveState: state, LoadState: 'loaded' };
    return { ...unitState(unit, new Map(Object.entries(properties))), links };
  }

  async failure(unit: string) {
    return { reason: `exit-code of ${unit}`, log: ['out of disk'] };
  }
}

const CHAIN = [
  'docker Requires flanneld',
  'flanneld BindsTo etcd',
  'docker After network',
  'docker Wants ntp',
];

test('the culprit is the failed unit at the end of the chain', async () => {
  const found = await findCulprit('docker', new FakeUnits(CHAIN, ['etcd']));
  assert.deepEqual([found?.unit, found?.between], ['etcd', ['flanneld']]);
  const both = await findCulprit('docker', new FakeUnits(CHAIN, ['etcd', 'flanneld']));
  assert.deepEqual([both?.unit, both?.between], ['etcd', ['flanneld']]);
});

test('a unit that is only waited for or wished for is no culprit', async () => {
  assert.equal(await findCulprit('docker', new FakeUnits(CHAIN, ['network', 'ntp'])), undefined);
});

test('units that need each other end the search', async () => {
  const found = await findCulprit('a', new FakeUnits(['a Requires b', 'b Requires a'], ['a']));
  assert.equal(found, undefined);
});

test('the error names the culprit, the way to it and its last lines', () => {
  const unit = parseUnitName('docker.service');
  const failure = { reason: 'exit-code', log: ['out of disk'] };
  assert.equal(
    dependencyFailure(unit, { unit: 'etcd.service', between: ['flanneld.service'], failure }).message,
    'cannot start: docker.service: etcd.service failed (exit-code), which flanneld.service needs, which it needs\n  out of disk',
  );
  assert.equal(
    dependencyFailure(unit, { unit: 'etcd.service', between: [], failure }).message,
    'cannot start: docker.service: etcd.service failed (exit-code), which it needs\n  out of disk',
  );
});

test('a unit that is not there did not fail, but is not installed', () => {
  const failure = { reason: 'not installed', log: [] };
  assert.equal(
    describeCulprit({ unit: 'etcd.service', between: ['flanneld.service'], failure }),
    'etcd.service is not installed, which flanneld.service needs, which it needs',
  );
});
