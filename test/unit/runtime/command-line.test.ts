import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteContainer, deleteLeftover } from '../../../src/runtime/command-line.ts';
import { parseServiceName } from '../../../src/service-name.ts';

const name = parseServiceName('web@a');

test('a shell looks for what a known runtime may have left before it asks the runtime', () => {
  const crun = { path: '/opt/bin/crun', name: 'crun' };
  assert.deepEqual(deleteLeftover({ runtime: crun, name }), [
    '/bin/sh',
    '-c',
    '[ ! -e /run/crun/web+a ] || exec "$@"',
    'sh',
    ...deleteContainer({ runtime: crun, name }),
  ]);
});

test('a runtime that keeps its state nobody knows where is asked itself', () => {
  const youki = { path: '/opt/bin/youki', name: 'youki' };
  assert.deepEqual(deleteLeftover({ runtime: youki, name }), deleteContainer({ runtime: youki, name }));
});
