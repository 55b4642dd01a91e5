import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pullImage } from '../../../src/layer/pull.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import { FakeSource, layerOf } from './fake-source.ts';
import { scratch } from './scratch.ts';
import { TarBuilder } from './tar-builder.ts';

const platform = { os: 'linux', architecture: 'amd64' };

function smallStore(context: TestContext, options: string): Store {
  let mounted = '';
  // Before `scratch` asks for its own turn: what is mounted cannot be removed.
  context.after(() => execFileSync('umount', [mounted]));
  const mount = join(scratch(context), 'small');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount]);
  mounted = mount;
  return createStore(join(mount, 'store'));
}

const large = layerOf(new TarBuilder().file('large', randomBytes(3 << 20)).end());

test('an image that cannot fit is refused before a byte of it is fetched', async (context) => {
  const store = smallStore(context, 'size=2m');
  const source = new FakeSource([large]);
  await assert.rejects(pullImage(store, source, { platform }), {
    code: 'no-space',
    message: /needs at least 3\.0 MiB and a reserve of 0\.0 MiB, (1\.9|2\.0) MiB are free$/,
  });
  assert.deepEqual(source.fetched, []);
  assert.deepEqual(readdirSync(store.staging), []);
  // What is there already needs no room.
  await pullImage(store, new FakeSource([]), { platform });
});

test('an image is refused where too few inodes are left', async (context) => {
  const store = smallStore(context, 'size=20m,nr_inodes=12');
  const source = new FakeSource([large, layerOf(new TarBuilder().file('b', 'b').end())]);
  await assert.rejects(pullImage(store, source, { platform }), { code: 'no-space', message: /6 inodes/ });
  assert.deepEqual(source.fetched, []);
});
