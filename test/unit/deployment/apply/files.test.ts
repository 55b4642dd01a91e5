import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { putFile, removeFile, restoreFile } from '../../../../src/deployment/apply/steps/files.ts';
import { unmakeTmpfiles } from '../../../../src/deployment/apply/steps/systemd.ts';
import { makeRoot, optionsFor } from './scratch-root.ts';

// Who owns the directory waits for the file that is being written and puts a symlink in its place.
const ATTACKER = `
  const { workerData } = require('node:worker_threads');
  const { lstatSync, renameSync } = require('node:fs');
  const { temporary, link, ready } = workerData;
  const end = Date.now() + 20000;
  Atomics.store(ready, 0, 1);
  Atomics.notify(ready, 0);
  while (Date.now() < end && lstatSync(temporary, { throwIfNoEntry: false }) === undefined);
  renameSync(link, temporary);
`;

test('what is undone after a failed start does not lead through a symlink that the service made', (context) => {
  const root = makeRoot(context);
  mkdirSync(join(root, 'etc/keep'));
  mkdirSync(join(root, 'var/lib/web'), { recursive: true });
  symlinkSync(join(root, 'etc'), join(root, 'var/lib/web/data'));
  const absent = ['/var/lib/web', '/var/lib/web/data', '/var/lib/web/data/keep'];
  unmakeTmpfiles(
    { kind: 'tmpfiles', path: '/etc/tmpfiles.d/web.conf', absent },
    { ...optionsFor(root), recovering: false, backup: join(root, 'backup') },
  );
  assert.equal(existsSync(join(root, 'var/lib/web')), false);
  assert.equal(existsSync(join(root, 'etc/keep')), true);
});

test('no symlink in a directory of another user gives away the file that it leads to', async (context) => {
  const root = makeRoot(context);
  const victim = join(root, 'etc/shadow');
  writeFileSync(victim, 'secret', { mode: 0o600 });
  mkdirSync(join(root, 'srv/alice'), { recursive: true });
  const source = join(root, 'large');
  writeFileSync(source, '');
  truncateSync(source, 256 << 20);
  const link = join(root, 'srv/alice/link');
  symlinkSync(victim, link);

  const path = join(root, 'srv/alice/page');
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const attacker = new Worker(ATTACKER, {
    eval: true,
    workerData: { temporary: `${path}.berth-new`, link, ready },
  });
  const ended = new Promise((resolve) => attacker.once('exit', resolve));
  Atomics.wait(ready, 0, 0);
  const step = { kind: 'file', path: '/srv/alice/page', source, content: '' } as const;
  putFile({ ...step, mode: 0o666, uid: 1000, gid: 1000 }, optionsFor(root));
  assert.equal(await ended, 0);
  assert.equal(lstatSync(path).isSymbolicLink(), true, 'the attack came in time');
  const { uid, mode } = statSync(victim);
  assert.deepEqual([uid, mode & 0o777], [0, 0o600]);
});

test('what undoes the removal of a file finds nothing to do where somebody had removed it before', (context) => {
  const root = makeRoot(context);
  const step = {
    kind: 'remove',
    file: { path: '/etc/gone', type: 'file', content: '' },
  } as const;
  const at = { ...optionsFor(root), recovering: false, backup: join(root, 'backup') };
  removeFile(step, at);
  restoreFile(step, at);
  assert.equal(existsSync(join(root, 'etc/gone')), false);
});
