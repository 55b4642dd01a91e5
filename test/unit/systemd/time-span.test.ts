import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeSpan } from '../../../src/systemd/time-span.ts';

test('time spans are read as systemd reads them', () => {
  const spans: [string, number][] = [
    ['30', 30e6],
    ['0', 0],
    ['1.5', 1.5e6],
    ['.5s', 0.5e6],
    ['100ms', 100e3],
    ['2min 200ms', 120.2e6],
    ['1h30min', 5400e6],
    ['5 us', 5],
    ['1M', 2629800e6],
    ['1m', 60e6],
    ['infinity', Number.POSITIVE_INFINITY],
  ];
  for (const [text, microseconds] of spans) assert.equal(parseTimeSpan(text), microseconds, text);
});

test('what is no time span is refused', () => {
  for (const text of ['', ' ', 'soon', '-1', '1 parsec', '1s x', '1constructor', '1,5']) {
    assert.throws(() => parseTimeSpan(text), { code: 'unit-invalid' }, text);
  }
});
