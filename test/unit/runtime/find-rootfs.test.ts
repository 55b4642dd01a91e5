import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { findRootfs } from '../../../src/runtime/find-rootfs.ts';
import { scratch } from '../layer/scratch.ts';

/** A system below a directory of its own, with a root file system at /srv/web. */
function system(context: TestContext): { root: string; find(named: string): Promise<string> } {
  const root = scratch(context);
  mkdirSync(join(root, 'srv/web'), { recursive: true });
  return { root, find: (named) => findRootfs(named, new Paths(root)) };
}

test('a root file system is found through symlinks, which never lead out of the system', async (context) => {
  const { root, find } = system(context);
  assert.equal(await find('/srv/web/'), '/srv/web');
  symlinkSync('web', join(root, 'srv/live'));
  symlinkSync('/srv/live', join(root, 'here'));
  assert.equal(await find('/here'), '/srv/web');
  symlinkSync('../../../../etc', join(root, 'srv/out'));
  await assert.rejects(find('/srv/out'), { code: 'rootfs-invalid', message: /it is not there/ });
});

test('a path that is not absolute, or not plain, is a mistake', async (context) => {
  const { find } = system(context);
  for (const named of ['srv/web', '', '/srv/../srv/web', '/srv//web', '/srv/web\n'])
    await assert.rejects(find(named), { code: 'usage' }, JSON.stringify(named));
});

test('what is berth’s, or the kernel’s, or holds it, is refused, by symlinks too', async (context) => {
  const { root, find } = system(context);
  mkdirSync(join(root, 'var/lib/berth/deployments/web/0/rootfs'), { recursive: true });
  mkdirSync(join(root, 'proc/1'), { recursive: true });
  symlinkSync('/var/lib/berth/deployments/web/0/rootfs', join(root, 'srv/mine'));
  symlinkSync('/', join(root, 'proc/1/root'));
  for (const named of ['/', '/var', '/var/lib/berth', '/srv/mine', '/proc/1', '/proc/1/root'])
    await assert.rejects(find(named), { code: 'rootfs-invalid', message: /belongs to berth|kernel/ }, named);
});

test('a directory that others than root can change or exchange is refused', async (context) => {
  const { root, find } = system(context);
  const refused = { code: 'rootfs-invalid', message: /others than root can change/ };
  chmodSync(join(root, 'srv/web'), 0o775);
  assert.equal(await find('/srv/web'), '/srv/web', 'the group is root');
  chownSync(join(root, 'srv/web'), 0, 1000);
  await assert.rejects(find('/srv/web'), refused);
  chownSync(join(root, 'srv/web'), 1000, 0);
  await assert.rejects(find('/srv/web'), refused);
  chownSync(join(root, 'srv/web'), 0, 0);
  mkdirSync(join(root, 'shared'));
  chmodSync(join(root, 'shared'), 0o1777);
  symlinkSync('/srv/web', join(root, 'shared/link'));
  await assert.rejects(find('/shared/link'), refused);
  chmodSync(join(root, 'srv'), 0o757);
  await assert.rejects(find('/srv/web'), refused);
});

test('a bundle is not taken for the root file system in it', async (context) => {
  const { root, find } = system(context);
  mkdirSync(join(root, 'srv/web/rootfs'));
  assert.equal(await find('/srv/web'), '/srv/web');
  writeFileSync(join(root, 'srv/web/config.json'), '{}');
  await assert.rejects(find('/srv/web'), { code: 'rootfs-invalid', hint: '--rootfs /srv/web/rootfs' });
  assert.equal(await find('/srv/web/rootfs'), '/srv/web/rootfs');
});
