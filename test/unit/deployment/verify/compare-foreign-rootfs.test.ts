import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Installed, WEB } from './installed.ts';

/** The service `web`, running on /srv/web instead of its image's checkout. */
async function onForeign(
  context: TestContext,
): Promise<{ installed: Installed; directory: string; rootfs: string }> {
  const installed = await Installed.web(context);
  const { paths } = installed;
  const directory = paths.deployment(WEB, 0);
  const rootfs = paths.locate('/srv/web');
  mkdirSync(rootfs, { recursive: true });
  renameSync(join(directory, 'rootfs'), join(directory, 'image'));
  symlinkSync('/srv/web', join(directory, 'rootfs'));
  const file = join(directory, 'deployment.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  record.rootfs = { named: '/srv/web', directory: '/srv/web', command: [] };
  writeFileSync(file, JSON.stringify(record));
  return { installed, directory, rootfs };
}

test('a root file system that is not berth’s is not compared, but the checkout beside it is', async (context) => {
  const { installed, directory, rootfs } = await onForeign(context);
  writeFileSync(join(rootfs, 'anything'), '');
  assert.deepEqual(await installed.look(), []);
  rmSync(join(directory, 'image/etc/motd'));
  const place = '/var/lib/berth/deployments/web/0';
  assert.deepEqual(await installed.look(), [`${place}/image/etc/motd: missing`]);
  await installed.repair();
  assert.deepEqual(await installed.look(), []);
});

test('one that is gone, or not root’s alone any longer, is told', async (context) => {
  const { installed, rootfs } = await onForeign(context);
  chmodSync(rootfs, 0o777);
  assert.match((await installed.look()).join(), /^\/srv\/web: .*others than root can change/);
  rmdirSync(rootfs);
  assert.deepEqual(await installed.look(), ['/srv/web: not a root file system: /srv/web: it is not there']);
  symlinkSync('other', rootfs);
  mkdirSync(installed.paths.locate('/srv/other'));
  assert.match((await installed.look()).join(), /it leads to \/srv\/other now$/);
});

test('the link to it is put back, and nothing is done to what it led to', async (context) => {
  const { installed, directory, rootfs } = await onForeign(context);
  const link = join(directory, 'rootfs');
  writeFileSync(join(rootfs, 'mine'), '');
  rmSync(link);
  symlinkSync('/etc', link);
  assert.deepEqual(await installed.look(), [
    '/var/lib/berth/deployments/web/0/rootfs: does not lead to /srv/web',
  ]);
  await installed.repair();
  assert.equal(readlinkSync(link), '/srv/web');
  assert.deepEqual(await installed.look(), []);
  rmSync(link);
  mkdirSync(join(link, 'mounted'), { recursive: true });
  await installed.repair();
  assert.ok(existsSync(join(link, 'mounted')));
  assert.ok(existsSync(join(rootfs, 'mine')));
});
