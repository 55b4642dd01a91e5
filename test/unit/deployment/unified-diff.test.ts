import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unifiedDiff } from '../../../src/deployment/unified-diff.ts';
import { scratch } from '../layer/scratch.ts';

const lines = (...texts: string[]) => `${texts.join('\n')}\n`;

test('texts that are the same have no difference', () => {
  assert.equal(unifiedDiff('a\nb\n', 'a\nb\n', '0', '1'), undefined);
  assert.equal(unifiedDiff('', '', '0', '1'), undefined);
});

test('a changed line is shown with three lines around it', () => {
  const before = lines('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
  const after = lines('a', 'b', 'c', 'd', 'E', 'f', 'g', 'h', 'i');
  assert.equal(
    unifiedDiff(before, after, '0/x', '1/x'),
    ['--- 0/x', '+++ 1/x', '@@ -2,7 +2,7 @@', ' b', ' c', ' d', '-e', '+E', ' f', ' g', ' h'].join('\n'),
  );
});

test('a file that comes or goes is all of one kind', () => {
  assert.equal(unifiedDiff('', 'a\nb\n', '0', '1'), '--- 0\n+++ 1\n@@ -0,0 +1,2 @@\n+a\n+b');
  assert.equal(unifiedDiff('a\n', '', '0', '1'), '--- 0\n+++ 1\n@@ -1 +0,0 @@\n-a');
});

test('patch(1) makes the one text of the other, whatever they are', (context) => {
  const directory = scratch(context);
  if (spawnSync('patch', ['--version']).error !== undefined) {
    context.skip('patch is not installed');
    return;
  }
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const text = () => lines(...Array.from({ length: 1 + random(30) }, () => 'abcdef'[random(6)] ?? ''));
  for (let round = 0; round < 40; round += 1) {
    const [before, after] = [text(), text()];
    const diff = unifiedDiff(before, after, 'old', 'new');
    if (diff === undefined) continue;
    const file = join(directory, String(round));
    writeFileSync(file, before);
    execFileSync('patch', ['--quiet', '--fuzz=0', file], { input: `${diff}\n` });
    assert.equal(readFileSync(file, 'utf8'), after, diff);
  }
});

test('texts with nothing in common are replaced in no time', () => {
  const text = (word: string) => lines(...Array.from({ length: 20_000 }, (_, index) => `${word}${index}`));
  const diff = unifiedDiff(text('a'), text('b'), '0', '1');
  assert.equal(diff?.split('\n').length, 40_003);
});
