import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BerthError } from '../../../src/errors.ts';
import type { Look } from '../../../src/runtime/program-lack.ts';
import { requireProgram } from '../../../src/runtime/require-program.ts';

const look: Look = (path) => {
  if (path === '/bin/tool') return undefined;
  return path === '/bin/plain' ? 'program-not-executable' : 'program-not-found';
};

/** Why a program is refused in a container with this PATH; undefined for one that is not. */
function refusal(program: string, { cwd = '/', env = ['PATH=/usr/local/bin:/bin'] } = {}) {
  try {
    requireProgram(program, { cwd, env, look }, 'web');
    return undefined;
  } catch (error) {
    assert.ok(error instanceof BerthError);
    return error.code;
  }
}

test('a name is looked for in PATH, a path from the working directory on', () => {
  for (const program of ['tool', '/bin/tool']) assert.equal(refusal(program), undefined, program);
  assert.equal(refusal('nosuch'), 'program-not-found');
  assert.equal(refusal('/bin/nosuch'), 'program-not-found');
  assert.equal(refusal('', { env: ['PATH=/bin'] }), 'program-not-found');
  const looked: string[] = [];
  const record: Look = (path) => {
    looked.push(path);
    return undefined;
  };
  requireProgram('./tool', { cwd: '/srv', env: [], look: record }, 'web');
  assert.deepEqual(looked, ['/srv/./tool']);
});

test('the last PATH counts, and without one the runtime decides', () => {
  assert.equal(refusal('tool', { env: ['PATH=/bin', 'PATH=/none'] }), 'program-not-found');
  assert.equal(refusal('nosuch', { env: [] }), undefined);
});

test('a PATH that no program can be given is left to the runtime', () => {
  const path = Array.from({ length: 300_000 }, (_, index) => `/${index}`).join(':');
  assert.equal(refusal('nosuch', { env: [`PATH=${path}`] }), undefined);
});

test('what is no executable file is one only by its path', () => {
  assert.equal(refusal('/bin/plain'), 'program-not-executable');
  assert.equal(refusal('plain'), 'program-not-found');
});

test('an error says in one line what cannot be run where', () => {
  const place = { cwd: '/', env: ['PATH=/bin'], look };
  assert.throws(() => requireProgram('no\nsuch', place, 'web'), {
    code: 'program-not-found',
    message: String.raw`cannot run "no\nsuch": web: in no directory of its PATH`,
    hint: 'look at its files in /mnt: berth mount web /mnt',
  });
  assert.throws(() => requireProgram('/bin/plain', place, 'web'), {
    message: 'cannot run "/bin/plain": web: not an executable file of it',
  });
});
