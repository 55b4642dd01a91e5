import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeReport } from '../../bench/report.ts';
import { type Goal, ratioGoal, type Series } from '../../bench/result.ts';

const series = (...samples: number[]): Series => ({ subject: 'x', unit: 's', samples });

function report(goal: Goal): string {
  const machine = {
    cores: 2,
    memoryBytes: 2 ** 30,
    kernel: '6.1',
    fileSystem: 'ext4',
    node: '24.0.0',
    load: 0,
  };
  const results = [{ title: 'install', series: [series(3, 1, 2)], goals: [goal], notes: [] }];
  return writeReport({ date: '2026-01-01', quick: false, rounds: 3, machine, results, failures: [] });
}

test('a goal is met by the ratio of medians, whatever single runs took', () => {
  const goal = ratioGoal(series(1, 1, 100), series(2, 2, 2), 0.5, 'of podman');
  assert.match(report(goal), /at most 0\.50 of podman \| 0\.500 +\| MET/);
});

test('a goal is not met by the least more', () => {
  assert.match(report(ratioGoal(series(1.01), series(2), 0.5, 'of podman')), /\| \*\*NOT MET\*\*/);
});

test('what a peer could not be measured for is said, and is no success', () => {
  const text = report(ratioGoal(series(1), undefined, 0.5, 'of podman'));
  assert.match(text, /not measured/);
  assert.doesNotMatch(text, /MET/);
});
