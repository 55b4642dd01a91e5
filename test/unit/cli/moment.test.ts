import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeTime, toSecond } from '../../../src/cli/moment.ts';

test('a time is told by how long ago it is, in a unit that says enough', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const told = (time: string) => relativeTime(time, now);
  assert.equal(told('2026-11-21T12:00:00.000Z'), 'now');
  assert.equal(told('2026-11-21T11:58:01Z'), '119 s ago');
  assert.equal(told('2026-11-21T11:58:00Z'), '2 min ago');
  assert.equal(told('2026-11-21T10:00:01Z'), '119 min ago');
  assert.equal(told('2026-11-19T12:00:01Z'), '47 h ago');
  assert.equal(told('2026-11-19T12:00:00.5Z'), '47 h ago');
  assert.equal(told('2026-11-10T12:00:00Z'), '11 d ago');
  assert.equal(told('2026-10-01T12:00:00Z'), '2026-10-01');
  assert.equal(told('2026-11-21T14:00:00Z'), 'in 2 h');
});

test('a time to the second is RFC 3339', () => {
  assert.equal(toSecond('2026-11-21T12:00:00.123456Z'), '2026-11-21T12:00:00Z');
});
