import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Digest } from '../../../src/image/digest.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { openPackedImage } from '../../../src/layer/packed-image.ts';
import { pullImage } from '../../../src/layer/pull.ts';
import { type LayerEntry, readLayerRecord } from '../../../src/store/layer-record.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import type { ImageSource } from '../../../src/transport/source.ts';
import { FakeSource, layerOf } from './fake-source.ts';
import { scratch } from './scratch.ts';
import { TarBuilder } from './tar-builder.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };

const LAYERS = [
  new TarBuilder()
    .directory('./', { mtime: 1_600_000_000 })
    .directory('usr/', { mode: 0o1777, uid: 5, gid: 6 })
    .file('usr/ping', 'ping', {
      mode: 0o4755,
      pax: {
        'SCHILY.xattr.security.capability': Buffer.from('0100000200000000000000000000000000000000', 'hex'),
      },
    })
    .file('usr/empty')
    .hardlink('usr/pong', 'usr/ping')
    .symlink('usr/link', 'y', { pax: { linkpath: `../${'x'.repeat(150)}` } })
    .device('character', 'usr/null', 1, 3)
    .fifo('usr/pipe')
    .file('x', 'x'.repeat(2_500_000), {
      pax: { path: `${'deep/'.repeat(30)}name`, mtime: '1600000000.123456789' },
    })
    .file('usr/\xff\xfe', 'bytes', { uid: 0o7777777, gid: 3 }),
  new TarBuilder()
    .file('usr/.wh.ping', '')
    .directory('usr/')
    .file('usr/.wh..wh..opq', '')
    .file('.wh..wh..opq', ''),
].map((tar) => layerOf(Buffer.concat([tar.bytes(), Buffer.alloc(1024)])));

async function pulled(
  context: TestContext,
  source: ImageSource,
): Promise<{ store: Store; digest: Digest; diffIds: Digest[] }> {
  const store = createStore(join(scratch(context), 'store'));
  const { manifestDigest: digest, diffIds } = await pullImage(store, source, { platform: PLATFORM });
  return { store, digest, diffIds };
}

function open(
  { store, digest }: { store: Store; digest: Digest },
  has: (layer: Descriptor) => boolean = () => false,
): Promise<ImageSource> {
  return openPackedImage({
    store,
    image: { name: 'registry.example/test:1', digest },
    has: async (layer) => has(layer),
    signal: AbortSignal.timeout(20_000),
  });
}

function entries(store: Store, diffIds: Digest[]): LayerEntry[][] {
  return diffIds.map((diffId) => readLayerRecord(store.layer(diffId), diffId).entries);
}

describe('an image packed from a store', () => {
  it('unpacks to the same, entry by entry', async (context) => {
    const first = await pulled(context, new FakeSource(LAYERS));
    const packed = await open(first);
    const second = await pulled(context, packed);
    assert.deepEqual(entries(second.store, second.diffIds), entries(first.store, first.diffIds));
    assert.ok(entries(first.store, first.diffIds).flat().length === 14);
    const top = JSON.parse(String((await packed.top()).bytes));
    assert.deepEqual(top.annotations, { 'berth.made-from.digest': first.digest });
  });
  it('is the same each time, also from a store that it was pulled into', async (context) => {
    const first = await pulled(context, new FakeSource(LAYERS));
    const top = (await (await open(first)).top()).bytes;
    assert.deepEqual((await (await open(first)).top()).bytes, top);
    const second = await pulled(context, await open(first));
    const again = JSON.parse(String((await (await open(second)).top()).bytes));
    assert.deepEqual(again.layers, JSON.parse(String(top)).layers);
  });
  it('is the image as it was pulled where its layers are there already', async (context) => {
    const source = new FakeSource(LAYERS);
    const first = await pulled(context, source);
    const packed = await open(first, () => true);
    assert.deepEqual(await packed.top(), await source.top());
  });
  it('keeps the layers that are there, and packs the others', async (context) => {
    const first = await pulled(context, new FakeSource(LAYERS));
    const there = LAYERS[0]?.descriptor;
    const packed = await open(first, ({ digest }) => digest === there?.digest);
    const { layers } = JSON.parse(String((await packed.top()).bytes));
    assert.deepEqual(layers[0], there);
    assert.notEqual(layers[1].digest, LAYERS[1]?.descriptor.digest);
  });
  it('is refused when content of the store is not what it was', async (context) => {
    const first = await pulled(context, new FakeSource(LAYERS));
    const file = entries(first.store, first.diffIds)
      .flat()
      .find((entry) => entry.type === 'file' && entry.size > 1_000_000);
    assert.ok(file?.type === 'file');
    const object = first.store.object(file.key);
    writeFileSync(object, Buffer.alloc(file.size));
    await assert.rejects(open(first), { code: 'store-damaged' });
    truncateSync(object, 10);
    await assert.rejects(open(first), { code: 'store-damaged' });
  });
});
