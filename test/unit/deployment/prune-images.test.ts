import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pruneImages } from '../../../src/deployment/prune-images.ts';
import { repairWholeStore } from '../../../src/deployment/verify/repair-whole-store.ts';
import { checkStore } from '../../../src/store/fsck.ts';
import { forgetImage, readImages } from '../../../src/store/images.ts';
import { layerOf } from '../layer/fake-source.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { objectKeys, pullAs } from '../store/damage.ts';
import { IMAGE, Installed, WEB } from './verify/installed.ts';

const OTHER = 'docker.example/other:1';
const other = [layerOf(new TarBuilder().file('other', 'other').end())];

test('what a deployment needs stays when its image has no name any more', async (context) => {
  const { paths, store, ...host } = await Installed.web(context);
  forgetImage(store, IMAGE);
  const pruned = pruneImages(paths, store, { dryRun: false, all: true });
  assert.deepEqual([pruned.layers, pruned.objects, pruned.blobs], [0, 0, 0]);
  assert.deepEqual(host.warnings, []);
});

test('a deployment that is kept and not live keeps what it needs, and only that', async (context) => {
  const host = await Installed.web(context);
  const { paths, store } = host;
  await host.install(WEB, 1);
  await pullAs(store, OTHER, other);
  assert.equal(pruneImages(paths, store, { dryRun: false, all: false }).objects, 0);
  assert.deepEqual(pruneImages(paths, store, { dryRun: true, all: true }).images, [OTHER]);
  assert.equal(readImages(store).length, 2);
  const pruned = pruneImages(paths, store, { dryRun: false, all: true });
  assert.deepEqual([pruned.images, pruned.layers, pruned.objects, pruned.blobs], [[OTHER], 1, 1, 2]);
  assert.deepEqual(await host.look(), []);
  assert.deepEqual((await checkStore(store)).problems, []);
});

test('what only an uninstalled service needed goes', async (context) => {
  const { paths, store } = await Installed.web(context);
  rmSync(paths.service(WEB), { recursive: true });
  // The copies of config.json and the unit.
  assert.deepEqual(pruneImages(paths, store, { dryRun: false, all: false }).blobs, 2);
  const { freedBytes, layers } = pruneImages(paths, store, { dryRun: false, all: true });
  assert.equal(layers, 2);
  assert.ok(freedBytes > 0);
  assert.deepEqual(objectKeys(store), []);
});

test('nothing goes while a deployment or an image does not say what it needs', async (context) => {
  const { paths, store } = await Installed.web(context);
  const { manifestDigest } = await pullAs(store, OTHER, other);
  const before = objectKeys(store);
  rmSync(store.blob(manifestDigest));
  assert.throws(() => pruneImages(paths, store, { dryRun: false, all: false }), { code: 'store-damaged' });
  forgetImage(store, OTHER);
  writeFileSync(join(paths.deployment(WEB, 0), 'deployment.json'), '{');
  assert.throws(() => pruneImages(paths, store, { dryRun: false, all: true }), {
    code: 'deployment-damaged',
  });
  assert.deepEqual(objectKeys(store), before);
});

test('a repair of the store makes a lost list of images again, and removes what nothing needs', async (context) => {
  const host = await Installed.web(context);
  const { paths, store } = host;
  const images = readImages(store);
  await pullAs(store, OTHER, other);
  writeFileSync(store.images, 'lost');
  writeFileSync(join(store.objects, 'README'), '');
  for (const key of objectKeys(store)) writeFileSync(store.object(key), 'damaged');
  await repairWholeStore(paths, host.host());
  assert.deepEqual((await checkStore(store)).problems, []);
  assert.deepEqual(readImages(store), images);
  // The checkout has links to the damaged files still.
  assert.notDeepEqual(await host.look(), []);
  await host.look('missing');
  assert.deepEqual(await host.look(), []);
});

test('a repair of the store that cannot tell what is needed removes nothing', async (context) => {
  const host = await Installed.web(context);
  const { paths, store } = host;
  await pullAs(store, OTHER, other);
  const before = objectKeys(store);
  forgetImage(store, OTHER);
  writeFileSync(join(paths.deployment(WEB, 0), 'deployment.json'), '{');
  await repairWholeStore(paths, host.host());
  assert.deepEqual(objectKeys(store), before);
  assert.match(host.warnings.at(-1) ?? '', /^nothing is removed: cannot read the record/);
});
