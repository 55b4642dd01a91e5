import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { Paths } from '../../../src/paths.ts';
import { putBlob } from '../../../src/store/blob.ts';
import { readImages, recordImage } from '../../../src/store/images.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import { scratch } from '../layer/scratch.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

/** An image of no layers. */
function addImage(store: Store, name: string, cmd: string): string {
  const put = (value: object, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    putBlob(store, descriptor.digest, bytes);
    return descriptor;
  };
  const rootfs = { type: 'layers', diff_ids: [] };
  const config = put({ architecture: 'amd64', os: 'linux', config: { Cmd: [cmd] }, rootfs }, OCI_CONFIG);
  const manifest = put({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }, OCI_MANIFEST);
  recordImage(store, { name, ...manifest });
  return manifest.digest;
}

function open(root: string): {
  store: Store;
  berth(...args: string[]): Promise<BerthRun>;
  names(): string[];
} {
  const store = createStore(new Paths(root).store);
  return {
    store,
    berth: (...args) => runBerth(['--root', root, ...args]),
    names: () => readImages(store).map(({ name }) => name),
  };
}

describe('berth tag', () => {
  it('gives an image one more name, found by any that means it alone', async (context) => {
    const { store, berth, names } = open(scratch(context));
    const digest = addImage(store, 'a.example/team/web:1', 'web');
    addImage(store, 'a.example/db:latest', 'db');
    for (const [index, image] of [
      'a.example/team/web:1',
      'team/web:1',
      'web:1',
      digest,
      digest.slice(7, 19),
    ].entries()) {
      const { status, stderr } = await berth('tag', image, `b.example/web:${index}`);
      assert.equal(status, 0, stderr);
      await berth('images', 'rm', `b.example/web:${index}`);
    }
    assert.equal((await berth('tag', 'db', 'b.example/db')).status, 0);
    assert.deepEqual(names(), ['a.example/db:latest', 'a.example/team/web:1', 'b.example/db:latest']);
  });
  it('says what a name does not stand for any longer', async (context) => {
    const { store, berth } = open(scratch(context));
    addImage(store, 'a.example/web:1', 'one');
    const two = addImage(store, 'a.example/web:2', 'two');
    const { stderr } = await berth('tag', 'a.example/web:1', 'a.example/web:2');
    assert.match(stderr, new RegExp(`and not ${two.slice(7, 19)} any longer`));
  });
  it('refuses what is not there, and a name that is not full', async (context) => {
    const { store, berth } = open(scratch(context));
    addImage(store, 'a.example/web:1', 'one');
    addImage(store, 'b.example/web:1', 'two');
    assert.equal((await berth('tag', 'c.example/web:1', 'd.example/x')).status, 4);
    const ambiguous = await berth('tag', 'web:1', 'd.example/x');
    assert.equal(ambiguous.status, 2);
    assert.match(ambiguous.stderr, /a\.example\/web:1, b\.example\/web:1/);
    for (const name of ['web:2', 'oci:/srv/x', `d.example/x@sha256:${'0'.repeat(64)}`]) {
      assert.notEqual((await berth('tag', 'a.example/web:1', name)).status, 0, name);
    }
  });
});

describe('berth images rm', () => {
  it('forgets names, and prune frees what they stood for', async (context) => {
    const { store, berth, names } = open(scratch(context));
    addImage(store, 'a.example/web:1', 'web');
    addImage(store, 'b.example/web:1', 'web');
    addImage(store, 'a.example/db:1', 'db');
    const first = await berth('images', 'rm', 'a.example/web:1', 'db:1');
    assert.equal(
      first.stderr,
      'forgot a.example/web:1: its content stays, b.example/web:1 is the same\nforgot a.example/db:1\n',
    );
    assert.deepEqual(names(), ['b.example/web:1']);
    assert.match((await berth('prune')).stderr, /manifests and configs: 2\)/);
    assert.match((await berth('images', 'rm', 'b.example/web:1')).stderr, /^forgot b\.example\/web:1\n/);
    assert.match((await berth('prune')).stderr, /manifests and configs: 2\)/);
  });
  it('forgets none where one is not there', async (context) => {
    const { store, berth, names } = open(scratch(context));
    addImage(store, 'a.example/web:1', 'web');
    assert.equal((await berth('images', 'rm', 'a.example/web:1', 'a.example/db:1')).status, 4);
    assert.deepEqual(names(), ['a.example/web:1']);
  });
});
