import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../../src/image/limits.ts';
import { ExtractThreads } from '../../../src/layer/extract-threads.ts';
import { fetchOrKeep } from '../../../src/layer/fetch-or-keep.ts';
import { WriteBack } from '../../../src/linux/write-back.ts';
import { listLayers } from '../../../src/store/contents.ts';
import { openStaging } from '../../../src/store/staging.ts';
import { FakeSource, layerOf } from './fake-source.ts';
import { scratchStore } from './scratch.ts';
import { TarBuilder } from './tar-builder.ts';

const whole = layerOf(new TarBuilder().file('a', Buffer.alloc(100_000, 'a')).end());
for (const { name, place, code, kept } of [
  { name: 'what was finished is kept', place: '', code: /digest-mismatch|size-mismatch/, kept: 1 },
  { name: 'what did not reach the disk is not kept', place: '/nonexistent', code: /io/, kept: 0 },
]) {
  test(`when fetching fails, ${name}`, async (context) => {
    const { store } = scratchStore(context);
    const { promise: oneIsDone, resolve } = Promise.withResolvers<void>();
    const broken = {
      ...layerOf(new TarBuilder().file('b', 'b').end()),
      blob: async function* () {
        await oneIsDone;
        yield Buffer.from('not what was announced');
      },
    };
    const writeBack = new WriteBack(place || store.directory);
    writeBack.startLast();
    const fetching = fetchOrKeep(store, {
      source: new FakeSource([whole, broken]),
      staging: openStaging(store),
      writeBack,
      threads: new ExtractThreads(),
      missing: [whole, broken],
      limits: readLimits(),
      signal: undefined,
      onProgress: ({ kind }) => kind === 'layer-done' && resolve(),
    });
    await assert.rejects(fetching, { code });
    assert.equal([...listLayers(store)].length, kept);
  });
}
