import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Digest } from '../../../src/image/digest.ts';
import { putBlob, putBlobs, readBlob } from '../../../src/store/blob.ts';
import { forgetImage, readImages, recordImage } from '../../../src/store/images.ts';
import { type LayerEntry, LayerRecordWriter, readLayerRecord } from '../../../src/store/layer-record.ts';
import { type Metadata, objectKey } from '../../../src/store/object.ts';
import { openStaging, removeStaging } from '../../../src/store/staging.ts';
import { createStore } from '../../../src/store/store.ts';
import { sha256 } from '../layer/fake-source.ts';
import { scratch, scratchStore } from '../layer/scratch.ts';

const DIFF_ID = `sha256:${'a'.repeat(64)}` as Digest;

test('a store is closed to everyone but root', (context) => {
  const { store } = scratchStore(context);
  assert.equal(statSync(store.directory).mode & 0o777, 0o700);
  chmodSync(store.directory, 0o755);
  assert.throws(() => createStore(store.directory), { code: 'store-damaged' });
});

test('everything that hard links share changes the key', () => {
  const plain: Metadata = { uid: 0, gid: 0, mode: 0o644, mtime: 1n, xattrs: [] };
  const variants: Metadata[] = [
    plain,
    { ...plain, uid: 1 },
    { ...plain, gid: 1 },
    { ...plain, mode: 0o4644 },
    { ...plain, mtime: 2n },
    { ...plain, xattrs: [['user.a', 'b']] },
    { ...plain, xattrs: [['user.a', '']] },
  ];
  const keys = variants.map((metadata) => objectKey('00', 0, metadata));
  keys.push(objectKey('01', 0, plain));
  assert.equal(new Set(keys).size, variants.length + 1);
  assert.equal(objectKey('00', 0, { ...plain }), keys[0]);
});

function writeRecord(path: string, entries: LayerEntry[]): void {
  const writer = new LayerRecordWriter(path);
  for (const entry of entries) writer.add(entry);
  writer.finish(DIFF_ID, 10_240);
}

test('a record gives back every byte of names and every nanosecond', (context) => {
  const path = join(scratch(context), 'record');
  const metadata = { uid: 1, gid: 2, mode: 0o1777, mtime: -5n };
  const entries: LayerEntry[] = [
    { type: 'directory', path: '', ...metadata, xattrs: [['security.x', '\0\n\xff']] },
    { type: 'symlink', path: 'a\nb\xe9"', target: '\xff\x80', ...metadata, xattrs: [] },
    { type: 'whiteout', path: 'gone' },
  ];
  writeRecord(path, entries);
  assert.deepEqual(readLayerRecord(path, DIFF_ID), { diffId: DIFF_ID, size: 10_240, entries });
});

test("a record is refused when it is cut off, changed, another layer's or missing", (context) => {
  const path = join(scratch(context), 'record');
  writeRecord(path, [{ type: 'whiteout', path: 'gone' }]);
  const whole = readFileSync(path);
  const other = `sha256:${'b'.repeat(64)}` as Digest;
  assert.throws(() => readLayerRecord(path, other), { code: 'store-damaged' });
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length));
    assert.throws(() => readLayerRecord(path, DIFF_ID), { code: 'store-damaged' }, `${length} bytes`);
  }
  writeFileSync(path, whole.toString().replace('gone', 'done'));
  assert.throws(() => readLayerRecord(path, DIFF_ID), { code: 'store-damaged' });
  assert.throws(() => readLayerRecord(`${path}-not`, DIFF_ID), { code: 'store-damaged' });
});

test('a blob is checked when it comes and when it is read', (context) => {
  const { store } = scratchStore(context);
  const bytes = Buffer.from('{}');
  const digest = sha256(bytes);
  putBlob(store, digest, bytes);
  assert.deepEqual(readBlob(store, digest), bytes);
  assert.throws(() => putBlob(store, digest, Buffer.from('[]')), { code: 'digest-mismatch' });
  writeFileSync(store.blob(digest), '[]');
  assert.throws(() => readBlob(store, digest), { code: 'store-damaged' });
  assert.throws(() => readBlob(store, DIFF_ID), { code: 'store-damaged' });
});

test('a name stands for the image that was recorded last', (context) => {
  const { store } = scratchStore(context);
  const image = {
    mediaType: 'm',
    digest: DIFF_ID,
    size: 2,
    platform: { os: 'linux', architecture: 'amd64' },
  };
  const newer = { ...image, digest: `sha256:${'c'.repeat(64)}` as Digest };
  recordImage(store, { ...image, name: 'b' });
  recordImage(store, { ...image, name: 'a' });
  recordImage(store, { ...newer, name: 'b' });
  assert.deepEqual(readImages(store), [
    { ...image, name: 'a' },
    { ...newer, name: 'b' },
  ]);
  assert.equal(forgetImage(store, 'a'), true);
  assert.equal(forgetImage(store, 'a'), false);
  assert.deepEqual(
    readImages(store).map(({ name }) => name),
    ['b'],
  );
  writeFileSync(store.images, '{"manifests": [{}]}');
  assert.throws(() => readImages(store), { code: 'store-damaged' });
});

test('what a process was writing when it died is removed with its staging', (context) => {
  const { store } = scratchStore(context);
  const bytes = Buffer.from('blob');
  putBlob(store, sha256(bytes), bytes);
  const unfinished = [`${store.blob(sha256(bytes))}.berth-new`, `${store.images}.berth-new`];
  for (const path of unfinished) writeFileSync(path, 'half');
  removeStaging(store);
  for (const path of unfinished) assert.ok(!existsSync(path), path);
  assert.deepEqual(readBlob(store, sha256(bytes)), bytes);
});

test('staging of another boot and of a dead process is removed', (context) => {
  const { store } = scratchStore(context);
  mkdirSync(join(store.staging, 'another-boot', '1-x', 'objects'), { recursive: true });
  const dead = openStaging(store);
  writeFileSync(join(dead.directory, 'objects', 'half'), '');
  const staging = openStaging(store);
  assert.equal(readdirSync(store.staging).length, 1);
  assert.throws(() => statSync(dead.directory), { code: 'ENOENT' });
  staging.remove();
  assert.deepEqual(readdirSync(store.staging), []);
});

test('whatever a service is called, its deployment has a place in staging', (context) => {
  const { store } = scratchStore(context);
  const { directory, deployments } = openStaging(store);
  assert.deepEqual(readdirSync(deployments), []);
  assert.ok(readdirSync(directory).length > 1);
});

test('blobs that come together are whole, and one that was damaged is replaced', (context) => {
  const { store } = scratchStore(context);
  const blobs = ['one', 'two', 'one'].map((text) => ({
    digest: sha256(Buffer.from(text)),
    bytes: Buffer.from(text),
  }));
  putBlobs(store, blobs);
  const [first, second] = blobs;
  assert.ok(first !== undefined && second !== undefined);
  writeFileSync(store.blob(second.digest), 'damaged');
  const { ino } = statSync(store.blob(first.digest));
  putBlobs(store, blobs);
  assert.equal(statSync(store.blob(first.digest)).ino, ino);
  assert.equal(readBlob(store, second.digest).toString(), 'two');
  assert.deepEqual(readdirSync(store.blobs(first.digest)).length, 2);
  assert.throws(() => putBlobs(store, [{ digest: first.digest, bytes: Buffer.from('x') }]), {
    code: 'digest-mismatch',
  });
});
