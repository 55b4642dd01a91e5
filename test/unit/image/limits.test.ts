import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_LIMITS, readLimits } from '../../../src/image/limits.ts';

test('docs/limits.md names every limit with its default', () => {
  const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| (\d+)[^|]*\|$/gm)];
  const documented = Object.fromEntries(rows.map(([, name = '', value]) => [name, Number(value)]));
  assert.deepEqual(documented, DEFAULT_LIMITS);
});

test('a limit that is set counts, the others keep their defaults', () => {
  assert.deepEqual(readLimits({ depth: 3 }), { ...DEFAULT_LIMITS, depth: 3 });
});

test('a misspelt limit is an error that lists those there are', () => {
  assert.throws(() => readLimits({ entires: 5 }), { code: 'settings-invalid', hint: /entries/ });
});
