import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { quoteShellLine } from '../../../src/systemd/shell-quote.ts';

test('a shell takes quoted words as they are', () => {
  const words = [
    'plain',
    '',
    "it's",
    "'; touch /tmp/x; '",
    '$(id) `id` $HOME $1',
    'a\\b\\',
    'two\nlines\n',
    '"*?[!]~#',
    "''\\'''",
    '-e \t \u00e9\u2028',
  ];
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${quoteShellLine(words)}`], {
    encoding: 'utf8',
  });
  assert.deepEqual(output.split('\0').slice(0, -1), words);
});

test('a word with a NUL is refused', () => {
  assert.throws(() => quoteShellLine(['/bin/true', 'a\0b']), { code: 'unit-invalid' });
});
