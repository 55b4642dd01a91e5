import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { examine } from '../../../src/doctor/examine.ts';
import { acquireWriterLock } from '../../../src/linux/lock.ts';
import { Paths } from '../../../src/paths.ts';
import { OfflineSystemd } from '../../../src/systemd/offline-systemd.ts';
import { makeRoot } from '../deployment/apply/scratch-root.ts';

async function problemsOf(root: string): Promise<string[]> {
  const paths = new Paths(root);
  const found = await examine({ paths, systemd: new OfflineSystemd(paths), env: {}, program: undefined });
  return found.filter(({ state }) => state === 'problem').map(({ check, hint }) => `${check}: ${hint}`);
}

/** All that such a root lacks. */
function addRuntime(root: string): void {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/runc'), '', { mode: 0o755 });
}

test('below a root, only files are looked at', async (context) => {
  const root = makeRoot(context);
  assert.deepEqual(await problemsOf(root), ['runtime: apt install runc || dnf install runc']);
  addRuntime(root);
  assert.deepEqual(await problemsOf(root), []);
});

test('a broken berth.yaml is one finding, answered with the entry of its kind', async (context) => {
  const root = makeRoot(context);
  addRuntime(root);
  mkdirSync(join(root, 'etc/berth'), { recursive: true });
  writeFileSync(join(root, 'etc/berth/berth.yaml'), 'runtime: [');
  const [only = '', ...others] = await problemsOf(root);
  assert.match(only, /^configuration: grep .*settings-invalid/);
  assert.deepEqual(others, []);
});

test('one damaged record is one finding', async (context) => {
  const root = makeRoot(context);
  addRuntime(root);
  const paths = new Paths(root);
  mkdirSync(join(paths.deployments, 'web/0'), { recursive: true });
  writeFileSync(join(paths.deployments, 'web/0/deployment.json'), '{');
  symlinkSync('0', join(paths.deployments, 'web/current'));
  assert.deepEqual(await problemsOf(root), [`services: look at ${paths.deployments}/web`]);
});

test('what a writer has under way is no leftover', async (context) => {
  const root = makeRoot(context);
  addRuntime(root);
  const paths = new Paths(root);
  mkdirSync(join(paths.store, 'staging/now'));
  assert.deepEqual(await problemsOf(root), ['leftovers: berth recover']);
  using _lock = await acquireWriterLock(paths.lock, { command: 'berth pull' });
  assert.deepEqual(await problemsOf(root), []);
});

test('credentials that others can read are a problem', async (context) => {
  const root = makeRoot(context);
  addRuntime(root);
  const paths = new Paths(root);
  const file = join(root, 'run/containers/0/auth.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '{}', { mode: 0o600 });
  assert.deepEqual(await problemsOf(paths.root), []);
  chmodSync(file, 0o644);
  assert.deepEqual(await problemsOf(paths.root), [`configuration: chmod 600 ${file}`]);
});
