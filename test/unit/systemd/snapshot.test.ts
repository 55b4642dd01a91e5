import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Snapshot, type UnitReader } from '../../../src/systemd/snapshot.ts';
import { unitState } from '../../../src/systemd/unit-state.ts';

it('a snapshot asks once for the state and the links of each unit, whoever wants them', async () => {
  const asked: string[] = [];
  const systemd: UnitReader = {
    live: true,
    state: async (unit) => {
      asked.push(`state ${unit}`);
      return unitState(unit, new Map());
    },
    links: async (units) => {
      asked.push(`links ${units.join(' ')}`);
      return units.map((name) => ({ name, aliases: [], loadState: 'loaded', links: [] }));
    },
    failure: async () => ({ reason: 'exit-code', log: [] }),
  };
  const snapshot = new Snapshot(systemd);
  const states = await Promise.all(['a', 'b', 'a'].map((unit) => snapshot.state(unit)));
  assert.deepEqual(
    states.map(({ name }) => name),
    ['a', 'b', 'a'],
  );
  await snapshot.links(['a']);
  const links = await snapshot.links(['b', 'a']);
  assert.deepEqual(
    links.map(({ name }) => name),
    ['b', 'a'],
  );
  assert.deepEqual(asked, ['state a', 'state b', 'links a', 'links b']);
});
