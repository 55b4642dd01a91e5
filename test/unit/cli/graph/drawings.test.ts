import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawDot } from '../../../../src/cli/graph/dot.ts';
import { layOut } from '../../../../src/cli/graph/layout.ts';
import { drawSvg } from '../../../../src/cli/graph/svg.ts';
import { drawTree } from '../../../../src/cli/graph/tree.ts';
import { textWidth } from '../../../../src/cli/graph/xml.ts';
import { type ServiceGraph, withoutImplied } from '../../../../src/deployment/service-graph.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import type { LinkKind } from '../../../../src/systemd/unit-links.ts';
import { readXml } from './read-xml.ts';

/** A graph of lines such as "docker Requires flanneld"; what ends in .target is the host's. */
function graphOf(...lines: string[]): ServiceGraph {
  const edges = lines.map((line) => {
    const [from = '', kind = '', to = ''] = line.split(' ');
    return { from, to, kind: kind as LinkKind, ordered: true };
  });
  const units = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const nodes = units.map((unit) => ({
    unit,
    service: unit.endsWith('.target') ? null : parseServiceName(unit),
    state: unit === 'etcd' ? 'failed' : 'active',
  }));
  return { nodes, edges };
}

const CHAIN = graphOf(
  'docker Requires flanneld',
  'docker After etcd',
  'flanneld BindsTo etcd',
  'etcd After network.target',
  'web Wants etcd',
);

test('a tree shows what each service waits for, and nothing twice', () => {
  assert.deepEqual(drawTree(withoutImplied(CHAIN)), [
    'docker  active',
    '└─ requires flanneld  active',
    '   └─ bound to etcd  failed',
    '      └─ after network.target  active',
    'web  active',
    '└─ wants etcd  failed  (see above)',
  ]);
});

test('a tree shows services that wait for each other', () => {
  assert.deepEqual(drawTree(graphOf('a After b', 'b After a')), [
    'a  active',
    '└─ after b  active',
    '   └─ after a  active  (see above)',
  ]);
});

test('order that follows from the rest is left out, need is not', () => {
  const graph = graphOf('a Requires b', 'b Requires c', 'a Requires c', 'a After d', 'b After d');
  assert.deepEqual(
    withoutImplied(graph).edges.map(({ from, to }) => `${from} ${to}`),
    ['a b', 'b c', 'a c', 'b d'],
  );
});

test('names in a Graphviz text cannot end their quotes', () => {
  const dot = drawDot({
    nodes: [{ unit: 'a\\x2d"b', service: null, state: 'active' }],
    edges: [],
  });
  assert.match(dot, /^ {2}"a\\\\x2d\\"b" \[label="a\\\\x2d\\"b\\nactive", style="rounded,dashed"\]$/m);
});

test('a unit stands in a later layer than all that it waits for', () => {
  const { layers } = layOut(CHAIN);
  const layer = (unit: string) => layers.findIndex((slots) => slots.some((slot) => slot.unit === unit));
  assert.deepEqual(['network.target', 'etcd', 'flanneld', 'web', 'docker'].map(layer), [0, 1, 2, 2, 3]);
});

test('a cycle is drawn, too', () => {
  const { layers } = layOut(graphOf('a After b', 'b After c', 'c After a'));
  assert.deepEqual(
    layers
      .flat()
      .flatMap(({ unit }) => unit ?? [])
      .sort(),
    ['a', 'b', 'c'],
  );
  readXml(drawSvg(graphOf('a After b', 'b After a')));
});

test('a drawing is well-formed XML with every name in a box that is wide enough', () => {
  const graph = graphOf('docker Requires flanneld', 'flanneld After a<b>&"c\'.target', 'x After y');
  const elements = readXml(drawSvg(graph));
  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  for (const { unit } of graph.nodes) assert.ok(texts.includes(unit), unit);
  const boxes = elements.filter(({ name, attributes }) => name === 'rect' && attributes['rx'] !== undefined);
  assert.equal(boxes.length, graph.nodes.length);
  for (const box of boxes) {
    const left = Number(box.attributes['x']);
    const width = Number(box.attributes['width']);
    const label = elements.find(
      ({ name, attributes }) =>
        name === 'text' &&
        Number(attributes['x']) === left + width / 2 &&
        Math.abs(Number(attributes['y']) - Number(box.attributes['y'])) < 44,
    );
    assert.ok(label !== undefined && textWidth(label.text) <= width, JSON.stringify(box));
  }
  const lines = elements.filter(
    ({ name, attributes }) => name === 'path' && attributes['marker-end'] !== undefined,
  );
  assert.equal(lines.length, graph.edges.length + 2);
});

test('the widest letters fit, too', () => {
  // Nearly an em each in a bold face.
  assert.ok(textWidth('MWMW', 13) >= 4 * 13);
  assert.ok(textWidth('service', 13) >= 7 * 13 * 0.68);
});

test('boxes of one layer do not lie on each other', () => {
  const graph = graphOf(
    ...Array.from({ length: 12 }, (_, index) => `s${index} After s${Math.floor(index / 3) + 20}`),
  );
  const boxes = readXml(drawSvg(graph))
    .filter(({ name, attributes }) => name === 'rect' && attributes['rx'] !== undefined)
    .map(({ attributes }) =>
      [attributes['x'], attributes['y'], attributes['width'], attributes['height']].map(Number),
    );
  for (const [index, [x = 0, y = 0, width = 0, height = 0]] of boxes.entries()) {
    for (const [left = 0, top = 0, wide = 0, high = 0] of boxes.slice(index + 1)) {
      assert.ok(x + width <= left || left + wide <= x || y + height <= top || top + high <= y);
    }
  }
});
