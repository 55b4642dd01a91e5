import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import { readImages } from '../../../src/store/images.ts';
import { Store } from '../../../src/store/store.ts';
import { scratch } from '../layer/scratch.ts';
import { layoutFiles, MANIFEST_BYTES, tarOf, writeFiles } from '../transport/sample-image.ts';
import { runBerth } from './run-berth.ts';

const DIGEST = digestOf(MANIFEST_BYTES);

test('an image that is pulled is in the store under its name, and a second time is no work', async (context) => {
  const root = scratch(context);
  const layout = writeFiles(scratch(context), layoutFiles());
  const pull = async () => {
    const { status, stdout, stderr } = await runBerth(['--root', root, 'pull', '--json', `oci:${layout}`]);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };
  const [first] = await pull();
  assert.deepEqual(
    { ...first, fetchedBytes: first.fetchedBytes > 0 },
    { name: `oci:${layout}`, digest: DIGEST, status: 'pulled', fetchedBytes: true },
  );
  assert.deepEqual(await pull(), [
    { name: `oci:${layout}`, digest: DIGEST, status: 'present', fetchedBytes: 0 },
  ]);
  const [image] = readImages(new Store(join(root, 'var/lib/berth/store')));
  assert.deepEqual([image?.name, image?.digest], [`oci:${layout}`, DIGEST]);
});

test('what came before a failure stays', async (context) => {
  const root = scratch(context);
  const archive = join(scratch(context), 'etcd.tar');
  writeFileSync(archive, tarOf(layoutFiles()));
  const { status, stdout, stderr } = await runBerth([
    ...['--root', root, 'pull', '--json', `oci-archive:${archive}`],
    'dir:/no/such',
  ]);
  assert.equal(status, 4);
  assert.equal(stdout, '');
  assert.match(stderr, /^Error: no such directory: \/no\/such$/m);
  assert.equal(readImages(new Store(join(root, 'var/lib/berth/store'))).length, 1);
});

test('an older spelling is answered with the one of today', async (context) => {
  const { stderr } = await runBerth(['--root', scratch(context), 'pull', 'dockertar:/no/such.tar']);
  assert.match(stderr, /^dockertar:\/no\/such\.tar is written docker-archive:\/no\/such\.tar now$/m);
});
