import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hastenMoves } from '../../../src/systemd/process-moves.ts';

test('the process that hastens moves stays in its cgroups', () => {
  const before = readFileSync('/proc/self/cgroup', 'utf8');
  hastenMoves();
  assert.equal(readFileSync('/proc/self/cgroup', 'utf8'), before);
});
