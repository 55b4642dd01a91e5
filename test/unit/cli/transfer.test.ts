import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Output } from '../../../src/cli/output.ts';
import { Transfer } from '../../../src/cli/transfer.ts';
import { parseDigest } from '../../../src/image/digest.ts';

const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);

/** The lines that the first piece of a transfer draws on a terminal. */
function draw(columns: number, total: number, done: number, size: number): string[] {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns });
  const transfer = new Transfer(new Output({ stdout: new PassThrough(), stderr, env: {} }));
  transfer.begin(total);
  transfer.advance(digest('a'), done, size);
  return String(stderr.read() ?? '').split('\n');
}

test('a blob on its way has its digest, how far it is, its rate and the time left', () => {
  const [line = '', ...others] = draw(100, 4_000_000, 1_000_000, 4_000_000);
  assert.match(line, /^a{12} {2}━{6}─{18} +25 % {2}1\.0 MB of 4\.0 MB +[\d.]+ MB\/s +\d+ s left$/);
  assert.deepEqual(others, []);
});

test('several have a line for all of them, too', () => {
  const lines = draw(100, 8_000_000, 1_000_000, 4_000_000);
  assert.match(lines[1] ?? '', /^total {9}━{3}─{21} +1[23] % {2}1\.0 MB of 8\.0 MB/);
});

test('the bar is what gives way on a narrow terminal', () => {
  for (const columns of [66, 80, 100]) {
    const [line = ''] = draw(columns, 4_000_000, 1_000_000, 4_000_000);
    assert.ok(line.length < columns, line);
    assert.match(line, / left$/);
    assert.equal(/━/.test(line), columns > 66);
  }
});

test('what is all there has no line', () => {
  assert.deepEqual(draw(100, 10, 10, 10), ['']);
});
