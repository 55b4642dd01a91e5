import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutLeftover } from '../../../src/runtime/command-line.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { scratch } from '../layer/scratch.ts';

const name = parseServiceName('web@a');

test('a known runtime is asked to delete only what it has left, and any other one always', (context) => {
  const directory = scratch(context);
  const called = join(directory, 'called');
  // In the place of a runtime: what it is told to delete is what counts.
  const path = join(directory, 'a runtime');
  writeFileSync(path, `#!/bin/sh\necho "$@" >>'${called}'\nexit 1\n`);
  chmodSync(path, 0o755);
  writeFileSync(called, '');
  const run = (runtime: string, command?: string[]) => {
    const [program = '', ...args] = withoutLeftover({ runtime: { path, name: runtime }, name }, command);
    return execFileSync(program, args, { encoding: 'utf8' });
  };
  assert.equal(run('runc', ['echo', 'a b', '$c']), 'a b $c\n');
  assert.equal(readFileSync(called, 'utf8'), '');
  assert.equal(run('youki', ['echo', 'started']), 'started\n');
  assert.equal(readFileSync(called, 'utf8'), 'delete --force web+a\n');
  assert.match(
    withoutLeftover({ runtime: { path, name: 'crun' }, name }).join(' '),
    /-e \/run\/crun\/web\+a \]/,
  );
});
