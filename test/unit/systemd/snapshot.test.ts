import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Snapshot } from '../../../src/systemd/snapshot.ts';
import { unitState } from '../../../src/systemd/unit-state.ts';

it('a snapshot asks once for each unit, whoever wants to know, and for many together', async () => {
  const asked: string[] = [];
  const snapshot = new Snapshot({
    live: true,
    reports: async (units) => {
      asked.push(units.join(' '));
      return units.map((unit) => ({ ...unitState(unit, new Map()), links: [] }));
    },
    failure: async () => ({ reason: 'exit-code', log: [] }),
  });
  await snapshot.read(['a', 'b']);
  const reports = await Promise.all(['a', 'c', 'b', 'c'].map((unit) => snapshot.report(unit)));
  assert.deepEqual(
    reports.map(({ name }) => name),
    ['a', 'c', 'b', 'c'],
  );
  assert.deepEqual(asked, ['a b', 'c']);
});
