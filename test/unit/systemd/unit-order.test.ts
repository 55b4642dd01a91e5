import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitGraph } from '../../../src/systemd/unit-graph.ts';
import type { Link, LinkKind } from '../../../src/systemd/unit-links.ts';
import { findCycle, orderUnits } from '../../../src/systemd/unit-order.ts';

/** A graph of lines such as "docker After flanneld". */
function graphOf(...lines: string[]): UnitGraph {
  const links = lines.map((line): Link => {
    const [from = '', kind, to = ''] = line.split(' ');
    return { from, kind: kind as LinkKind, to };
  });
  return new UnitGraph([{ name: 'all', aliases: [], loadState: 'loaded', links }]);
}

test('units are ordered after what they wait for, whatever order they were given in', () => {
  const graph = graphOf('docker After flanneld', 'flanneld After etcd', 'docker After network');
  for (const given of [
    ['docker', 'flanneld', 'etcd'],
    ['etcd', 'docker', 'flanneld'],
    ['flanneld', 'etcd', 'docker'],
  ]) {
    assert.deepEqual(orderUnits(graph, given), ['etcd', 'flanneld', 'docker']);
  }
});

test('a unit in between that is not asked for still orders', () => {
  const graph = graphOf('a After host', 'host After b');
  assert.deepEqual(orderUnits(graph, ['a', 'b']), ['b', 'a']);
});

test('units without order stay as given, and requirement alone is no order', () => {
  const graph = graphOf('a Requires b', 'c Wants a');
  assert.deepEqual(orderUnits(graph, ['c', 'a', 'b']), ['c', 'a', 'b']);
});

test('an alias is the unit', () => {
  const links: Link[] = [{ from: 'a', kind: 'After', to: 'other-name' }];
  const graph = new UnitGraph([
    { name: 'b', aliases: ['other-name'], loadState: 'loaded', links: [] },
    { name: 'a', aliases: [], loadState: 'loaded', links },
  ]);
  assert.deepEqual(orderUnits(graph, ['a', 'b']), ['b', 'a']);
  assert.equal(graph.loadState('other-name'), 'loaded');
});

test('the shortest cycle through one of the units is found', () => {
  const graph = graphOf('a After b', 'b After c', 'c After a', 'c After b', 'x After y', 'y After x');
  assert.deepEqual(findCycle(graph, ['a']), ['a', 'b', 'c', 'a']);
  assert.deepEqual(findCycle(graph, ['a', 'b']), ['b', 'c', 'b']);
  assert.equal(findCycle(graphOf('a After x', 'x After y', 'y After x'), ['a']), undefined);
  assert.deepEqual(findCycle(graphOf('a After a'), ['a']), ['a', 'a']);
});

test('what needs a unit, directly or not, is found nearest first', () => {
  const graph = graphOf('docker Requires flanneld', 'flanneld BindsTo etcd', 'other Wants etcd');
  assert.deepEqual(graph.reachedFrom('etcd', 'Requires', 'BindsTo', 'Requisite'), ['flanneld', 'docker']);
  assert.deepEqual(graph.reach('docker', 'Requires', 'BindsTo'), ['flanneld', 'etcd']);
});

test('200 units are ordered and checked, and a cycle among them is found', () => {
  const lines: string[] = [];
  for (let unit = 1; unit < 200; unit += 1) {
    for (let before = Math.max(0, unit - 20); before < unit; before += 1)
      lines.push(`u${unit} After u${before}`);
  }
  const units = Array.from({ length: 200 }, (_, index) => `u${(index * 77) % 200}`);
  const graph = graphOf(...lines);
  assert.equal(findCycle(graph, units), undefined);
  const order = orderUnits(graph, units);
  assert.deepEqual(
    order,
    Array.from({ length: 200 }, (_, index) => `u${index}`),
  );
  const cyclic = graphOf(...lines, 'u3 After u190');
  const cycle = findCycle(cyclic, units) ?? [];
  assert.equal(cycle[0], cycle.at(-1));
  assert.ok(cycle.includes('u3') && cycle.includes('u190'));
  for (const [index, unit] of cycle.slice(0, -1).entries()) {
    assert.ok(cyclic.targets(unit, 'After').includes(cycle[index + 1] ?? ''));
  }
});

test('a chain of 50,000 units does not end the stack', () => {
  const lines = Array.from({ length: 50_000 }, (_, index) => `u${index} After u${index + 1}`);
  assert.equal(orderUnits(graphOf(...lines), ['u0', 'u50000'])[0], 'u50000');
});
