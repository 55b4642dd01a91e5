import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitWords } from '../../../src/systemd/split-words.ts';

test('words are split as systemd splits them', () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['  a\tb  c ', ['a', 'b', 'c']],
    ['"a b" \'c "d"\' e', ['a b', 'c "d"', 'e']],
    ['A="x y"z', ['A=x yz']],
    ['""', ['']],
    ['a\\sb \\x41\\u00e4\\101\\t', ['a b', 'AäA\t']],
    ['\\"a\\\\', ['"a\\']],
  ];
  for (const [value, words] of cases) assert.deepEqual(splitWords(value), words, value);
});

test('what systemd would not take is refused', () => {
  for (const value of ['"a', "a 'b", 'a\\', '\\q', '\\x4']) {
    assert.throws(() => splitWords(value), { code: 'unit-invalid' }, value);
  }
});
