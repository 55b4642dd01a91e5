import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readExports } from '../../../src/deployment/exports/exports.ts';
import { checkout } from '../../../src/deployment/plan/checkout.ts';
import { hostPlatform } from '../../../src/image/platform.ts';
import { type PulledImage, pullImage } from '../../../src/layer/pull.ts';
import { readImageTree } from '../../../src/layer/stored-layer.ts';
import { makeFifo } from '../../../src/linux/node.ts';
import { createStore } from '../../../src/store/store.ts';
import { RootfsSource } from '../../../src/transport/rootfs/rootfs-source.ts';
import { makeRootfs } from '../deployment/rootfs.ts';
import { scratch } from '../layer/scratch.ts';

/** Pulls a root file system with this command, and checks the image out where it says. */
async function pull(
  context: TestContext,
  path: string,
  command: string[] = [],
): Promise<{ image: PulledImage; out: string }> {
  const directory = scratch(context);
  const store = createStore(join(directory, 'store'));
  const platform = hostPlatform();
  const source = new RootfsSource({ path, named: '/srv/web', command, platform });
  const image = await pullImage(store, source, { platform });
  const out = join(directory, 'out');
  await checkout(store, readImageTree(store, image.diffIds), out);
  return { image, out };
}

test('a root file system is the image of its exports and a command, and of nothing else', async (context) => {
  const rootfs = makeRootfs(context, {
    'exports/manifest.json': '{"version": "7"}',
    [`exports/hostfs/usr/local/share/${'deep/'.repeat(30)}file`]: 'x',
    'usr/bin/program': 'no part of it',
  });
  const { image, out } = await pull(context, rootfs, ['/usr/bin/program', '--flag']);
  assert.equal(image.name, 'rootfs:/srv/web');
  assert.deepEqual(image.config.entrypoint, ['/usr/bin/program', '--flag']);
  assert.equal(readExports(out)?.manifest.version, '7');
  assert.ok(existsSync(join(out, `exports/hostfs/usr/local/share/${'deep/'.repeat(30)}file`)));
  assert.equal(existsSync(join(out, 'usr')), false);
});

test('its digest tells contents, modes and the command apart, and not times', async (context) => {
  const rootfs = makeRootfs(context, { 'exports/hostfs/etc/web.conf': 'a' });
  const file = join(rootfs, 'exports/hostfs/etc/web.conf');
  const digest = async (command?: string[]) => (await pull(context, rootfs, command)).image.manifestDigest;
  const first = await digest();
  utimesSync(file, 1, 1);
  assert.equal(await digest(), first);
  assert.notEqual(await digest(['/bin/true']), first);
  chmodSync(file, 0o600);
  const second = await digest();
  assert.notEqual(second, first);
  writeFileSync(file, 'b');
  assert.notEqual(await digest(), second);
});

test('one without exports is an image without exports', async (context) => {
  const { out } = await pull(context, makeRootfs(context, { 'bin/sh': '' }));
  assert.equal(readExports(out), undefined);
});

test('no symlink leads out of its exports, and what is no file is refused', async (context) => {
  const secret = makeRootfs(context, { 'exports/service.template': 'secret' });
  const rootfs = makeRootfs(context, {});
  symlinkSync(join(secret, 'exports'), join(rootfs, 'exports'));
  const { out } = await pull(context, rootfs);
  assert.throws(() => readExports(out), { code: 'exports-invalid' });

  rmSync(join(rootfs, 'exports'));
  mkdirSync(join(rootfs, 'exports'));
  symlinkSync(join(secret, 'exports/service.template'), join(rootfs, 'exports/service.template'));
  const linked = await pull(context, rootfs);
  assert.throws(() => readExports(linked.out), { code: 'exports-invalid' });

  makeFifo(join(rootfs, 'exports/hostfs'), 0o600);
  await assert.rejects(pull(context, rootfs), { code: 'exports-invalid' });
});

test('exports that others than root can change are refused, but for files of theirs', async (context) => {
  const rootfs = makeRootfs(context, { 'exports/service.template': 'x', 'exports/hostfs/etc/web.conf': 'a' });
  const SOMEBODY = 1234;
  const at = (name: string) => join(rootfs, 'exports', name);
  chownSync(at('hostfs/etc/web.conf'), SOMEBODY, SOMEBODY);
  await pull(context, rootfs);
  for (const name of ['', 'service.template', 'hostfs/etc']) {
    chownSync(at(name), SOMEBODY, SOMEBODY);
    await assert.rejects(pull(context, rootfs), { code: 'rootfs-invalid' }, name);
    chownSync(at(name), 0, 0);
  }
  chmodSync(at('service.template'), 0o666);
  await assert.rejects(pull(context, rootfs), { code: 'rootfs-invalid' });
});
