import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineRows } from '../../../../src/cli/graph/timeline.ts';
import { drawTimelineSvg } from '../../../../src/cli/graph/timeline-svg.ts';
import type { Timeline } from '../../../../src/deployment/boot-timeline.ts';
import { readXml } from './read-xml.ts';

const TIMELINE: Timeline = {
  length: 4,
  rows: [
    {
      unit: 'etcd.service',
      spans: [
        { state: 'activating', from: 1, to: 2 },
        { state: 'active', from: 2, to: 4 },
      ],
      ready: 2,
      later: null,
    },
    { unit: 'b<>.service', spans: [{ state: 'failed', from: 3, to: 4 }], ready: null, later: null },
    { unit: 'late.service', spans: [], ready: null, later: 90 },
    { unit: 'never.service', spans: [], ready: null, later: null },
  ],
};

test('a table tells when each unit began and was ready, with a bar', () => {
  const { rows } = timelineRows(TIMELINE);
  assert.deepEqual(rows, [
    ['etcd.service', '1.000 s', '2.000 s', 'active', `${' '.repeat(10)}${'░'.repeat(10)}${'█'.repeat(20)}`],
    ['b<>.service', '3.000 s', '-', 'failed', `${' '.repeat(30)}${'✗'.repeat(10)}`],
    ['late.service', '-', '-', 'started later, at 90.000 s', ''],
    ['never.service', '-', '-', 'not started', ''],
  ]);
});

test('a drawing has a bar for each state, to scale, and every name', () => {
  const elements = readXml(drawTimelineSvg(TIMELINE));
  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  for (const { unit } of TIMELINE.rows) assert.ok(texts.includes(unit));
  assert.ok(texts.includes('ready at 2.000 s, after 1.000 s'));
  const [starting, active, failed] = elements
    .filter(({ name, attributes }) => name === 'rect' && attributes['height'] === '18')
    .map(({ attributes }) => ({ x: Number(attributes['x']), width: Number(attributes['width']) }));
  assert.equal(starting?.width, 160);
  assert.equal(active?.width, 320);
  assert.equal(active?.x, (starting?.x ?? 0) + 160);
  assert.equal(failed?.width, 160);
});

test('a drawing of no units is a drawing', () => {
  readXml(drawTimelineSvg({ length: 1, rows: [] }));
});
