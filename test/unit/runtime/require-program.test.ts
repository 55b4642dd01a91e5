import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findLack, type ProgramPlace, requireProgram } from '../../../src/runtime/require-program.ts';
import { scratch } from '../layer/scratch.ts';

/** A container with one program in /usr/bin, one in /opt that may not be executed, and a mount at /data. */
function place(context: TestContext, differs: Partial<ProgramPlace> = {}): ProgramPlace {
  const rootfs = scratch(context);
  for (const directory of ['usr/bin', 'opt', 'data']) mkdirSync(join(rootfs, directory), { recursive: true });
  symlinkSync('usr/bin', join(rootfs, 'bin'));
  for (const [file, mode] of [
    ['usr/bin/tool', 0o755],
    ['opt/plain', 0o644],
  ] as const) {
    writeFileSync(join(rootfs, file), '');
    chmodSync(join(rootfs, file), mode);
  }
  const mounts = [{ destination: '/data', type: 'tmpfs', source: 'tmpfs' }];
  return { rootfs, mounts, cwd: '/', env: ['PATH=/usr/local/bin:/bin'], ...differs };
}

test('a program is found by its path, from the working directory too, and by its name in PATH', (context) => {
  const found = place(context);
  for (const program of ['tool', '/bin/tool', '/usr/bin/../bin/tool', 'bin/tool', './usr/bin/tool'])
    assert.equal(findLack(program, found), undefined, program);
  assert.equal(findLack('../bin/tool', { ...found, cwd: '/usr' }), undefined);
});

test('the last PATH counts', (context) => {
  const env = ['PATH=/bin', 'PATH=/opt:/none'];
  assert.equal(findLack('tool', place(context, { env })), 'program-not-found');
});

test('what is not there, and what may not be executed, is told apart', (context) => {
  const found = place(context);
  for (const program of ['nosuch', '', 'plain', '/bin/nosuch', '/bin/tool/x', 'tool/'])
    assert.equal(findLack(program, found), 'program-not-found', program);
  for (const program of ['/opt/plain', '/opt', '../'])
    assert.equal(findLack(program, found), 'program-not-executable', program);
});

test('a symlink of the image leads to no program of the host', (context) => {
  const found = place(context);
  symlinkSync(process.execPath, join(found.rootfs, 'usr/bin/node'));
  assert.equal(findLack('node', found), 'program-not-found');
});

test('what may be in a mount is left to the runtime', (context) => {
  const found = place(context);
  symlinkSync('/data/hidden', join(found.rootfs, 'usr/bin/linked'));
  symlinkSync('/none', join(found.rootfs, 'data/link'));
  symlinkSync('data', join(found.rootfs, 'volume'));
  for (const program of ['/data/x', '/data/link/x', 'linked', '/volume/x'])
    assert.equal(findLack(program, found), undefined, program);
  const mounts = [{ destination: '/volume' }];
  assert.equal(findLack('/data/x', { ...found, mounts }), undefined);
});

test('without a PATH the runtime decides', (context) => {
  assert.equal(findLack('nosuch', place(context, { env: [] })), undefined);
});

test('an error says in one line what cannot be run where', (context) => {
  assert.throws(() => requireProgram('no\nsuch', place(context), 'web'), {
    code: 'program-not-found',
    message: String.raw`cannot run "no\nsuch": web: in no directory of its PATH`,
    hint: 'look at its files in /mnt: berth mount web /mnt',
  });
  assert.throws(() => requireProgram('/opt/plain', place(context), 'web'), {
    code: 'program-not-executable',
    message: 'cannot run "/opt/plain": web: not an executable file of it',
  });
});
