import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { BerthError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/image/descriptor.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { readLimits } from '../../../src/image/limits.ts';
import { ImageTrees } from '../../../src/layer/image-trees.ts';
import { type PullProgress, pullImage } from '../../../src/layer/pull.ts';
import { readImageTree, readUsableLayer } from '../../../src/layer/stored-layer.ts';
import { readBlob } from '../../../src/store/blob.ts';
import { listLayers } from '../../../src/store/contents.ts';
import { prune } from '../../../src/store/prune.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import { type FakeLayer, FakeSource, layerOf, sha256 } from './fake-source.ts';
import { scratchStore } from './scratch.ts';
import { TarBuilder } from './tar-builder.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const OCI = 'application/vnd.oci.image.layer.v1.tar';

const base = layerOf(
  new TarBuilder().directory('etc/').file('etc/a', 'one').file('big', Buffer.alloc(3_000_000, 'b')).end(),
);
const top = layerOf(new TarBuilder().file('etc/b', 'two').end());

/** Every file of a store, to tell what an attempt left. */
function files(store: Store): string[] {
  return (readdirSync(store.directory, { recursive: true }) as string[]).filter((name) =>
    statSync(join(store.directory, name)).isFile(),
  );
}

test('a pulled image is in the store with manifest and config, and says what to record', async (context) => {
  const { store } = scratchStore(context);
  const source = new FakeSource([base, top]);
  const progress: PullProgress[] = [];
  const image = await pullImage(store, source, { platform, onProgress: (event) => progress.push(event) });
  assert.deepEqual(image.stored, {
    name: source.name,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: image.manifestDigest,
    size: readBlob(store, image.manifestDigest).length,
    platform,
  });
  assert.deepEqual(JSON.parse(readBlob(store, image.configDigest).toString()).rootfs.diff_ids, image.diffIds);
  assert.equal(image.fetchedBytes, base.descriptor.size + top.descriptor.size);
  assert.deepEqual(readdirSync(store.staging), []);
  assert.deepEqual(
    progress.map(({ kind }) => kind).filter((kind) => kind !== 'layer-progress'),
    ['resolved', 'layer-started', 'layer-started', 'layer-done', 'layer-done', 'committing', 'pulled'],
  );
});

test('a second pull fetches nothing, and another image only what is new', async (context) => {
  const { store } = scratchStore(context);
  await pullImage(store, new FakeSource([base]), { platform });
  const again = new FakeSource([base]);
  assert.equal((await pullImage(store, again, { platform })).fetchedBytes, 0);
  assert.deepEqual(again.fetched, []);
  const other = new FakeSource([base, top], 'docker.example/other:1');
  assert.equal((await pullImage(store, other, { platform })).fetchedLayers, 1);
  assert.deepEqual(other.fetched, [top.descriptor.digest]);
});

test('the largest layers are fetched first, wherever they stand', async (context) => {
  const { store } = scratchStore(context);
  const layers = [1, 3, 2].map((size) => layerOf(new TarBuilder().file('f', randomBytes(size * 1000)).end()));
  const source = new FakeSource(layers);
  const { diffIds } = await pullImage(store, source, { platform });
  const [small, large, middle] = layers.map(({ descriptor }) => descriptor.digest);
  assert.deepEqual(source.fetched, [large, middle, small]);
  assert.deepEqual(
    diffIds,
    layers.map(({ diffId }) => diffId),
  );
});

test('the same layer twice in one image is fetched once', async (context) => {
  const { store } = scratchStore(context);
  const source = new FakeSource([base, top, base]);
  const image = await pullImage(store, source, { platform });
  assert.equal(image.diffIds.length, 3);
  assert.equal(source.fetched.length, 2);
});

test('a layer that lost or changed an object or its record is fetched again and mended', async (context) => {
  const { store } = scratchStore(context);
  const image = await pullImage(store, new FakeSource([base]), { platform });
  const objects = () => files(store).filter((name) => name.startsWith('objects/'));
  const before = objects();
  const object = join(store.directory, before[0] ?? '');
  const damages = [
    () => unlinkSync(object),
    () => writeFileSync(object, 'changed and longer'),
    () => {
      unlinkSync(object);
      mkdirSync(object);
    },
    () => writeFileSync(store.layer(image.diffIds[0] ?? image.manifestDigest), '{}'),
  ];
  for (const damage of damages) {
    damage();
    const repaired = await pullImage(store, new FakeSource([base]), { platform });
    assert.equal(repaired.fetchedLayers, 1);
    assert.deepEqual(objects(), before);
    assert.equal((await pullImage(store, new FakeSource([base]), { platform })).fetchedLayers, 0);
  }
});

test('what a pull has read of an image is not read again, until it is forgotten', async (context) => {
  const { store } = scratchStore(context);
  const trees = new ImageTrees(store);
  const { diffIds } = await pullImage(store, new FakeSource([base, top]), { platform, trees });
  unlinkSync(store.layer(top.diffId));
  assert.equal(trees.of(diffIds).find('etc/b')?.type, 'file');
  assert.equal(trees.of([base.diffId]).find('etc/b'), undefined);
  assert.throws(() => trees.of(diffIds), { code: 'store-damaged' });
});

test('zstd and plain layers give the same store as gzip', async (context) => {
  const archive = new TarBuilder().file('a', 'x'.repeat(5000)).end();
  const layers = [
    layerOf(archive),
    layerOf(archive, `${OCI}+zstd`, zstdCompressSync(archive)),
    layerOf(archive, OCI, archive),
  ];
  const stores = [];
  for (const layer of layers) {
    const { store } = scratchStore(context);
    await pullImage(store, new FakeSource([layer]), { platform });
    stores.push(files(store).filter((name) => /^(objects|layers)/.test(name)));
  }
  assert.deepEqual(stores[1], stores[0]);
  assert.deepEqual(stores[2], stores[0]);
});

/** Asserts that a store has whole layers out of these, and nothing else at all. */
function assertOnlyLayers(store: Store, allowed: Digest[]): void {
  const layers = new Set([...listLayers(store)].flatMap(({ name }) => name ?? []));
  for (const diffId of layers) {
    assert.ok(allowed.includes(diffId), `${diffId} is not among ${allowed}`);
    assert.ok(readUsableLayer(store, diffId), `${diffId} is not whole`);
  }
  const others = prune(store, { layers, blobs: new Set() }, { dryRun: true });
  assert.deepEqual(others, { layers: 0, objects: 0, blobs: 0, freedBytes: 0 });
  assert.deepEqual(readdirSync(store.staging), []);
}

async function refused(
  context: TestContext,
  layers: FakeLayer[],
  error: { code: string; message?: RegExp },
  limits = readLimits(),
): Promise<void> {
  const { store } = scratchStore(context);
  await assert.rejects(pullImage(store, new FakeSource(layers), { platform, limits }), error);
  const whole = layers.filter(
    ({ descriptor, blob }) => blob instanceof Uint8Array && sha256(blob) === descriptor.digest,
  );
  assertOnlyLayers(
    store,
    whole.map(({ diffId }) => diffId),
  );
}

function changed(layer: FakeLayer, blob: Buffer): FakeLayer {
  return { ...layer, blob };
}

const bytes = base.blob as Buffer;
const flipped = Buffer.from(bytes);
flipped[900] = (flipped[900] ?? 0) ^ 1;

const attacks: [name: string, code: string, layers: FakeLayer[]][] = [
  ['a blob with a flipped bit', 'digest-mismatch', [top, changed(base, flipped)]],
  ['another blob of another size', 'size-mismatch', [changed(base, Buffer.concat([bytes, bytes]))]],
  ['a blob that stops short', 'size-mismatch', [changed(base, bytes.subarray(0, 500))]],
  ['content other than the diff ID', 'digest-mismatch', [{ ...base, diffId: sha256(Buffer.from('x')) }]],
  [
    'a cut-off archive',
    'layer-invalid',
    [layerOf(new TarBuilder().file('a', 'abc').bytes().subarray(0, 514))],
  ],
  ['a name that leads out', 'layer-unsafe', [layerOf(new TarBuilder().file('../../etc/cron.d/x').end())]],
  ['a root that is a symlink', 'layer-unsafe', [layerOf(new TarBuilder().symlink('/', '/etc').end())]],
  [
    'a hard link that leads out',
    'layer-unsafe',
    [layerOf(new TarBuilder().hardlink('x', '../../etc/shadow').end())],
  ],
  ['a hard link to nothing', 'layer-invalid', [layerOf(new TarBuilder().hardlink('x', '/etc/shadow').end())]],
  ['a symlink without a target', 'layer-invalid', [layerOf(new TarBuilder().symlink('x', '').end())]],
  ['a symlink at /proc', 'layer-unsafe', [layerOf(new TarBuilder().symlink('proc', '/tmp').end())]],
  ['a layer of another kind', 'media-type-unsupported', [layerOf(Buffer.alloc(1024), 'application/x-bzip2')]],
];

for (const [name, code, layers] of attacks) {
  test(`refused: ${name}`, (context) => refused(context, layers, { code }));
}

test('limits of an image hold over all its layers together', async (context) => {
  for (const [name, value] of [
    ['entries', 3],
    ['layers', 1],
    ['imageBytes', 3_004_500],
    ['recordBytes', 900],
  ] as const) {
    const error = { code: 'limit-exceeded', message: new RegExp(`limits\\.${name}`) };
    await refused(context, [base, top], error, readLimits({ [name]: value }));
  }
});

function stalling(layer: FakeLayer): FakeLayer {
  return {
    ...layer,
    blob: async function* () {
      yield (layer.blob as Buffer).subarray(0, 100);
      await new Promise(() => {});
    },
  };
}

test('a pull that fails at its third layer keeps the two that are whole, and the next fetches the rest', async (context) => {
  const { store } = scratchStore(context);
  // The largest are fetched first.
  const layers = [9000, 7000, 5000, 3000].map((size) =>
    layerOf(new TarBuilder().file(`${size}`, randomBytes(size)).end()),
  );
  const [first, second, third, fourth] = layers as [FakeLayer, FakeLayer, FakeLayer, FakeLayer];
  let allowFailure = () => {};
  const twoAreDone = new Promise<void>((resolve) => {
    allowFailure = resolve;
  });
  const failing: FakeLayer = {
    ...third,
    blob: async function* () {
      yield (third.blob as Buffer).subarray(0, 10);
      await twoAreDone;
      throw new BerthError('registry-unreachable', 'line is dead');
    },
  };
  let done = 0;
  const onProgress = ({ kind }: PullProgress) => {
    if (kind === 'layer-done') done += 1;
    if (done === 2) allowFailure();
  };
  const broken = new FakeSource([first, second, failing, stalling(fourth)]);
  await assert.rejects(pullImage(store, broken, { platform, onProgress }), { code: 'registry-unreachable' });
  assert.deepEqual(readdirSync(store.layers).sort(), [first.diffId, second.diffId].sort());
  assertOnlyLayers(store, [first.diffId, second.diffId]);

  const whole = new FakeSource(layers);
  assert.equal((await pullImage(store, whole, { platform })).fetchedLayers, 2);
  assert.deepEqual(whole.fetched.sort(), [third.descriptor.digest, fourth.descriptor.digest].sort());
});

test('a layer that is done is not kept when another was still writing a file of it', async (context) => {
  const { store } = scratchStore(context);
  const controller = new AbortController();
  const pulling = pullImage(store, new FakeSource([top, stalling(base)]), {
    platform,
    signal: controller.signal,
    onProgress: ({ kind }) => {
      if (kind !== 'layer-done') return;
      const [staged = ''] = files(store).filter((name) => /^staging\/.*\/objects\//.test(name));
      truncateSync(join(store.directory, staged));
      controller.abort();
    },
  });
  await assert.rejects(pulling, { code: 'interrupted' });
  assert.deepEqual(files(store), []);
});

test('a pull that is interrupted while a source stalls keeps what was whole, and prune frees it', async (context) => {
  const { store } = scratchStore(context);
  const controller = new AbortController();
  const pulling = pullImage(store, new FakeSource([top, stalling(base)]), {
    platform,
    signal: controller.signal,
    onProgress: ({ kind }) => {
      if (kind === 'layer-done') controller.abort();
    },
  });
  await assert.rejects(pulling, { code: 'interrupted' });
  assert.deepEqual(readdirSync(store.layers), [top.diffId]);
  assertOnlyLayers(store, [top.diffId]);
  prune(store, { layers: new Set(), blobs: new Set() }, { dryRun: false });
  assert.deepEqual(files(store), []);
});

test('a pull that is interrupted ends the program that decompresses for it', async (context) => {
  const { store } = scratchStore(context);
  const archive = new TarBuilder().file('a', Buffer.alloc(3_000_000, 'x')).end();
  const xz = execFileSync('xz', { input: archive });
  const controller = new AbortController();
  const layer: FakeLayer = {
    ...layerOf(archive, 'application/vnd.docker.image.rootfs.diff.tar.xz', xz),
    blob: async function* () {
      yield xz.subarray(0, 300);
      while (programs().length === 0) await setTimeout(20);
      controller.abort();
      await new Promise(() => {});
    },
  };
  const pulling = pullImage(store, new FakeSource([layer]), { platform, signal: controller.signal });
  await assert.rejects(pulling, { code: 'interrupted' });
  while (programs().length > 0) await setTimeout(20);
});

/** Running children of this process; one that ended counts no more, even where nobody has asked for its status. */
function programs(): string[] {
  return readdirSync('/proc/self/task')
    .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'latin1').split(' '))
    .filter((child) => child !== '' && !/\) Z /.test(readFileSync(`/proc/${child}/stat`, 'latin1')));
}

test('of an image that is refused as a whole nothing stays', async (context) => {
  const { store } = scratchStore(context);
  const layers = [base, layerOf(new TarBuilder().symlink('dev', '/etc').end())];
  await assert.rejects(pullImage(store, new FakeSource(layers), { platform }), { code: 'layer-unsafe' });
  assert.deepEqual(files(store), []);
});

test('layers and blobs may be named by sha512, and have a place of their own', async (context) => {
  const { store } = scratchStore(context);
  const { blob, descriptor } = base;
  const named = {
    descriptor: { ...descriptor, digest: digestOf(bytes, 'sha512') },
    diffId: digestOf(gunzipSync(bytes), 'sha512'),
    blob,
  };
  const image = await pullImage(store, new FakeSource([named]), { platform });
  assert.match(image.diffIds.join(), /^sha512:/);
  assert.equal((await pullImage(store, new FakeSource([named]), { platform })).fetchedLayers, 0);
  await refused(context, [{ ...named, diffId: digestOf(bytes, 'sha512') }], { code: 'digest-mismatch' });
  const other = { ...named, descriptor: { ...descriptor, digest: digestOf(Buffer.from('x'), 'sha512') } };
  await refused(context, [other], { code: 'digest-mismatch' });
});

test('what came in under raised limits can be checked out without them', async (context) => {
  const { store } = scratchStore(context);
  const deep = layerOf(new TarBuilder().file('f', '', { pax: { path: `${'d/'.repeat(300)}f` } }).end());
  await refused(context, [deep], { code: 'limit-exceeded', message: /limits\.depth/ });
  const limits = readLimits({ depth: 400 });
  const { diffIds } = await pullImage(store, new FakeSource([deep]), { platform, limits });
  assert.equal(readImageTree(store, diffIds).root.children.size, 1);
});

test('a layer that expands beyond the ratio is refused, from a size on', async (context) => {
  const zeros = layerOf(new TarBuilder().file('zeros', Buffer.alloc(3 << 20)).end());
  const limits = readLimits({ compressionRatio: 100, compressionRatioFrom: 1 << 20 });
  await refused(context, [zeros], { code: 'limit-exceeded', message: /limits\.compressionRatio\b/ }, limits);
  const { store } = scratchStore(context);
  await pullImage(store, new FakeSource([zeros]), {
    platform,
    limits: readLimits({ compressionRatio: 100 }),
  });
});

test('an error of the source ends the pull as it is', async (context) => {
  const failing: FakeLayer = {
    ...base,
    // biome-ignore lint/correctness/useYield: the line breaks before the first byte
    blob: async function* () {
      throw new RangeError('line is dead');
    },
  };
  const { store } = scratchStore(context);
  await assert.rejects(pullImage(store, new FakeSource([failing]), { platform }), RangeError);
  assert.deepEqual(files(store), []);
});

test('a full file system is named, and nothing stays on it', async (context) => {
  const { directory } = scratchStore(context);
  const mount = join(directory, 'small');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  try {
    const store = createStore(join(mount, 'store'));
    await assert.rejects(pullImage(store, new FakeSource([base]), { platform }), {
      code: 'no-space',
      message: new RegExp(`no space left on ${mount} .*needs at least`),
    });
    assert.deepEqual(files(store), []);
  } finally {
    execFileSync('umount', [mount]);
  }
});
