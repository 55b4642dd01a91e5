import assert from 'node:assert/strict';
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PulledImage } from '../../../src/layer/pull.ts';
import { checkStore } from '../../../src/store/fsck.ts';
import { forgetImage } from '../../../src/store/images.ts';
import { prune, type StoreNeeds } from '../../../src/store/prune.ts';
import type { Store } from '../../../src/store/store.ts';
import { layerOf } from '../layer/fake-source.ts';
import { scratchStore } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { objectKeys, objectOf, pullAs, sampleLayers } from './damage.ts';

function needsOf(...images: PulledImage[]): StoreNeeds {
  return {
    layers: new Set(images.flatMap(({ diffIds }) => diffIds)),
    blobs: new Set(images.flatMap(({ manifestDigest, configDigest }) => [manifestDigest, configDigest])),
  };
}

/** Everything in a store but the lists that are always there. */
function everything(store: Store): string[] {
  return (readdirSync(store.directory, { recursive: true }) as string[]).sort();
}

test('what two images share stays while one of them is needed', async (context) => {
  const { store } = scratchStore(context);
  const [base, top] = sampleLayers();
  assert.ok(base !== undefined && top !== undefined);
  // The same file again, in a layer of its own: its object is shared, its layer is not.
  const again = layerOf(new TarBuilder().file('etc/motd', 'hello\n', { uid: 5 }).file('only', 'here').end());
  const kept = await pullAs(store, 'docker.example/kept:1', [base, top]);
  const gone = await pullAs(store, 'docker.example/gone:1', [base, again]);
  const before = objectKeys(store).length;
  const only = objectOf(store, gone.diffIds, 'only').at;
  forgetImage(store, 'docker.example/gone:1');
  const pruned = prune(store, needsOf(kept), { dryRun: false });
  assert.deepEqual({ ...pruned, freedBytes: 0 }, { layers: 1, objects: 1, blobs: 2, freedBytes: 0 });
  assert.equal(existsSync(only), false);
  assert.equal(objectKeys(store).length, before - 1);
  assert.deepEqual((await checkStore(store)).problems, []);
  assert.deepEqual(prune(store, needsOf(kept), { dryRun: false }), {
    layers: 0,
    objects: 0,
    blobs: 0,
    freedBytes: 0,
  });
});

test('a dry run says the same and changes nothing', async (context) => {
  const { store } = scratchStore(context);
  await pullAs(store, 'docker.example/a:1', sampleLayers());
  const before = everything(store);
  const promised = prune(store, needsOf(), { dryRun: true });
  assert.deepEqual(everything(store), before);
  assert.ok(promised.freedBytes > 0 && promised.objects > 0);
  assert.deepEqual(prune(store, needsOf(), { dryRun: false }), promised);
  assert.deepEqual(objectKeys(store), []);
});

test('bytes that are still linked from elsewhere are not counted as freed', async (context) => {
  const { store, directory } = scratchStore(context);
  const { diffIds } = await pullAs(store, 'docker.example/a:1', [
    layerOf(new TarBuilder().file('big', Buffer.alloc(1_000_000, 'b')).end()),
  ]);
  assert.ok(prune(store, needsOf(), { dryRun: true }).freedBytes >= 1_000_000);
  linkSync(objectOf(store, diffIds, 'big').at, join(directory, 'link'));
  assert.ok(prune(store, needsOf(), { dryRun: false }).freedBytes < 100_000);
});

test('leftovers of a crash go, staging and strays included', async (context) => {
  const { store } = scratchStore(context);
  const image = await pullAs(store, 'docker.example/a:1', sampleLayers());
  const before = everything(store);
  mkdirSync(join(store.staging, 'boot/1-x/objects'), { recursive: true });
  writeFileSync(join(store.staging, 'boot/1-x/objects/half'), Buffer.alloc(100_000));
  writeFileSync(`${store.blob(image.manifestDigest)}.berth-new`, '{');
  mkdirSync(join(store.objects, 'odd'));
  const { freedBytes } = prune(store, needsOf(image), { dryRun: false });
  assert.ok(freedBytes >= 100_000);
  assert.deepEqual(everything(store), before);
});

test('objects that no layer had go only when leftovers are looked for', async (context) => {
  const { store } = scratchStore(context);
  const image = await pullAs(store, 'docker.example/a:1', sampleLayers());
  const before = everything(store);
  mkdirSync(join(store.objects, 'odd'));
  assert.equal(prune(store, needsOf(image), { dryRun: false, leftovers: false }).objects, 0);
  assert.equal(existsSync(join(store.objects, 'odd')), true);
  assert.equal(prune(store, needsOf(image), { dryRun: false }).objects, 1);
  assert.deepEqual(everything(store), before);
  assert.ok(prune(store, needsOf(), { dryRun: false, leftovers: false }).objects > 0);
  assert.deepEqual(objectKeys(store), []);
});

test('nothing goes when a needed layer does not say what it needs', async (context) => {
  const { store } = scratchStore(context);
  const image = await pullAs(store, 'docker.example/a:1', sampleLayers());
  rmSync(store.layer(image.diffIds[1] ?? assert.fail()));
  const before = everything(store);
  assert.throws(() => prune(store, needsOf(image), { dryRun: false }), {
    code: 'store-damaged',
    hint: 'berth fsck --repair',
  });
  assert.deepEqual(everything(store), before);
});

test('of random images, exactly what the kept ones need stays', async (context) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
  context.diagnostic(`SEED=${seed}`);
  const random = randomFrom(seed);
  const { store } = scratchStore(context);
  const pool = Array.from({ length: 8 }, () => {
    const archive = new TarBuilder();
    for (let file = 0; file < 6; file += 1) archive.file(`f${random(10)}`, `content ${random(12)}`);
    return layerOf(archive.end());
  });
  const images: PulledImage[] = [];
  for (let index = 0; index < 8; index += 1) {
    const layers = Array.from({ length: 1 + random(3) }, () => pool[random(pool.length)] ?? assert.fail());
    images.push(await pullAs(store, `docker.example/${index}:1`, layers));
  }
  for (let kept = images; kept.length > 0; kept = kept.filter(() => random(3) > 0)) {
    const names = new Set(kept.map(({ name }) => name));
    for (const { name } of images) if (!names.has(name)) forgetImage(store, name);
    prune(store, needsOf(...kept), { dryRun: false });
    assert.deepEqual((await checkStore(store)).problems, []);
    const fresh = scratchStore(context).store;
    for (const image of kept) {
      const layers = image.diffIds.map((id) => pool.find(({ diffId }) => diffId === id) ?? assert.fail());
      await pullAs(fresh, image.name, layers);
    }
    assert.deepEqual(objectKeys(store), objectKeys(fresh));
    assert.deepEqual(readdirSync(store.layers).sort(), readdirSync(fresh.layers).sort());
  }
});

/** Whole numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
