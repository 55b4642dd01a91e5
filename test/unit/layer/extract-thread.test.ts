import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExtractJob } from '../../../src/layer/extract.ts';
import { ExtractThread } from '../../../src/layer/extract-thread.ts';
import type { LayerArchive } from '../../../src/layer/layer-archive.ts';

test('a thread that ended before it got a layer does not keep it waiting', async () => {
  const thread = new ExtractThread(1);
  await thread.end();
  await assert.rejects(thread.unpack({} as ExtractJob, {} as LayerArchive), { code: 'interrupted' });
});
