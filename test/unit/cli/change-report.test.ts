import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeLines } from '../../../src/cli/change-report.ts';
import type { ServiceChange } from '../../../src/deployment/describe-change.ts';
import { unifiedDiff } from '../../../src/deployment/unified-diff.ts';

const SUMMARY = { number: 0, image: 'registry.example/web:1', digest: 'sha256:0', version: null };

/** What a person sees of files that changed, each from one text to another. */
function shown(...files: [string, string][]): string[] {
  const diff = files.map(([before, after]) => unifiedDiff(before, after, '0/x', '1/x')).join('\n');
  const change = { name: 'web', from: SUMMARY, to: SUMMARY, files: [], diff } as unknown as ServiceChange;
  return changeLines(change).join('\n').split('\n').slice(1);
}

const list = (word: string, count: number) => Array.from({ length: count }, (_, index) => `${word}${index}`);
const text = (lines: string[]) => `${lines.join('\n')}\n`;

test('a short difference is shown as it is', () => {
  const lines = shown(['a\n', text(list('b', 30))]);
  assert.deepEqual(lines, ['--- 0/x', '+++ 1/x', '@@ -1 +1,30 @@', '-a', ...list('+b', 30)]);
});

test('of a long list that comes or goes only the begin is shown', () => {
  const long = list('call', 400);
  assert.deepEqual(shown(['', text(long)], [text(['a', ...long]), 'a\n']), [
    ...['--- 0/x', '+++ 1/x', '@@ -0,0 +1,400 @@', ...list('+call', 20), '+… and 380 lines more'],
    ...['--- 0/x', '+++ 1/x', '@@ -1,401 +1 @@', ' a', ...list('-call', 20), '-… and 380 lines more'],
  ]);
});

test('the header of the next file is no line that goes', () => {
  const lines = shown([text(list('a', 30)), ''], ['a\n', 'b\n']);
  assert.deepEqual(lines.slice(-5), ['--- 0/x', '+++ 1/x', '@@ -1 +1 @@', '-a', '+b']);
  assert.equal(lines.length, 3 + 30 + 5);
});

test('the version that an image names is part of one line', () => {
  const to = { ...SUMMARY, version: '1\n  removed  /etc/shadow' };
  const change = { name: 'web', from: SUMMARY, to, files: [], diff: '' } as unknown as ServiceChange;
  const [line = '', ...others] = changeLines(change).join('\n').split('\n');
  assert.match(line, / \(1 removed \/etc\/shadow, /);
  assert.deepEqual(others, []);
});
