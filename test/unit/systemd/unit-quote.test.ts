import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteExecLine, quoteExecWord, quoteUnitWord, unitText } from '../../../src/systemd/unit-quote.ts';

test('plain words stay as they are', () => {
  assert.equal(quoteExecLine(['/usr/bin/a', '--b=c', 'd/e.f']), '/usr/bin/a --b=c d/e.f');
});

test('a word keeps its spaces, quotes, backslashes and controls by quoting', () => {
  assert.equal(quoteExecWord('a b'), '"a b"');
  assert.equal(quoteExecWord(''), '""');
  assert.equal(quoteExecWord('"\\'), '"\\"\\\\"');
  assert.equal(quoteExecWord('a\nb'), '"a\\x0ab"');
  assert.equal(quoteExecWord('\u0085'), '"\\xc2\\x85"');
  assert.equal(quoteExecWord("it's"), '"it\'s"');
});

test('a semicolon is a word, not the end of the command', () => {
  assert.equal(quoteExecWord(';'), '";"');
});

test('specifiers and variables are not expanded', () => {
  assert.equal(quoteExecWord('100%n'), '100%%n');
  assert.equal(quoteExecWord('$HOME'), '$$HOME');
  assert.equal(quoteUnitWord('$HOME %h'), '"$HOME %%h"');
});

test('a command begins with an absolute path', () => {
  for (const program of ['runc', '-/bin/a', '@/bin/a', '+/bin/a', '']) {
    assert.throws(() => quoteExecLine([program]), { code: 'unit-invalid' }, program);
  }
  assert.throws(() => quoteExecWord('\0'), { code: 'unit-invalid' });
});

test('free text cannot leave its line', () => {
  assert.equal(unitText('a\nExecStart=/bin/b\u2028c\u202e  100%'), 'a ExecStart=/bin/b c 100%%');
  assert.equal(unitText('ends\\ \\\\'), 'ends');
  assert.equal(unitText(`${'a'.repeat(199)}\u{1f600}`).isWellFormed(), true);
});
