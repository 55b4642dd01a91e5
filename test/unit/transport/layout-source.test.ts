import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { digestHex } from '../../../src/image/digest.ts';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { makeFifo } from '../../../src/linux/node.ts';
import { type ImageFiles, readDocument } from '../../../src/transport/files/image-files.ts';
import { scratch } from '../layer/scratch.ts';
import {
  CONFIG_BYTES,
  describe,
  directoryFiles,
  LAYERS,
  layoutFiles,
  MANIFEST_BYTES,
  open,
  readAll,
  tarOf,
  writeFiles,
} from './sample-image.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

function layout(context: TestContext, ...names: string[]): string {
  return writeFiles(join(scratch(context), 'etcd'), layoutFiles(...names));
}

async function assertImage(text: string): Promise<void> {
  const { digest, config, layers } = await readAll(text);
  assert.equal(digest, digestOf(MANIFEST_BYTES));
  assert.deepEqual(config, CONFIG_BYTES);
  assert.deepEqual(
    layers.map((layer) => gunzipSync(layer)),
    LAYERS,
  );
}

test('a layout gives its image by name, by index, and as the only one', async (context) => {
  const directory = layout(context, '3.4', 'latest');
  await assertImage(`oci:${directory}:latest`);
  await assertImage(`oci:${directory}:@1`);
  await assertImage(`oci:${layout(context)}`);
});

test('an archive of a layout is read like the layout', async (context) => {
  const archive = join(scratch(context), 'etcd.tar');
  writeFileSync(archive, tarOf(layoutFiles('3.4')));
  await assertImage(`oci-archive:${archive}`);
  await assertImage(`oci-archive:${archive}:3.4`);
});

test('a file is no layout', async (context) => {
  const file = join(scratch(context), 'etcd.tar');
  writeFileSync(file, '');
  await assert.rejects(readAll(`oci:${file}`), { message: `not an image: ${file}: it is no directory` });
});

test('a directory of blobs gives its image', async (context) => {
  await assertImage(`dir:${writeFiles(scratch(context), directoryFiles())}`);
});

test('a name that is not there is answered with those that are', async (context) => {
  const directory = layout(context, '3.4', '3.5');
  await assert.rejects(readAll(`oci:${directory}:3.6`), {
    code: 'image-not-found',
    message: `no such image: oci:${directory}:3.6: there is "3.4", "3.5"`,
    hint: `name one, such as oci:${directory}:3.4`,
  });
  await assert.rejects(readAll(`oci:${directory}:@2`), { code: 'image-not-found' });
});

test('one of several images must be named', async (context) => {
  const directory = layout(context, '3.4', '3.5');
  await assert.rejects(readAll(`oci:${directory}`), {
    code: 'usage',
    message: `more than one image: oci:${directory}: there is "3.4", "3.5"`,
  });
});

test('entries for several platforms under one name are one image', async (context) => {
  const directory = layout(context);
  const { mediaType, digest, size } = describe('application/vnd.oci.image.manifest.v1+json', MANIFEST_BYTES);
  const { architecture, os } = JSON.parse(CONFIG_BYTES.toString());
  const manifests = ['none', architecture].map((each) => ({
    mediaType,
    digest,
    size,
    platform: { os, architecture: each },
  }));
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await assertImage(`oci:${directory}`);
});

test('an image for several platforms has an index of its own', async (context) => {
  const directory = layout(context);
  const { architecture, os } = JSON.parse(CONFIG_BYTES.toString());
  const entry = {
    ...describe('application/vnd.oci.image.manifest.v1+json', MANIFEST_BYTES),
    platform: { os, architecture },
  };
  const inner = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [entry] }));
  writeFileSync(join(directory, 'blobs/sha256', digestHex(digestOf(inner))), inner);
  writeFileSync(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [describe(INDEX, inner)] }),
  );
  await assertImage(`oci:${directory}`);
});

test('what is another transport’s is named with it', async (context) => {
  const directory = writeFiles(scratch(context), directoryFiles());
  await assert.rejects(readAll(`oci:${directory}`), {
    code: 'archive-invalid',
    hint: `name it dir:${directory}`,
  });
  const archive = join(scratch(context), 'etcd.tar');
  writeFileSync(archive, tarOf({ 'manifest.json': '[]' }));
  await assert.rejects(readAll(`oci-archive:${archive}`), { hint: `name it docker-archive:${archive}` });
  writeFileSync(archive, tarOf(layoutFiles()));
  await assert.rejects(readAll(`docker-archive:${archive}`), { hint: `name it oci-archive:${archive}` });
});

test('what is not there is not found', async (context) => {
  const nowhere = join(scratch(context), 'nowhere');
  for (const transport of ['oci', 'oci-archive', 'docker-archive', 'dir']) {
    await assert.rejects(readAll(`${transport}:${nowhere}`), { code: 'image-not-found' });
  }
});

test('a layout of another version is not read', async (context) => {
  const directory = layout(context);
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
  await assert.rejects(readAll(`oci:${directory}`), { code: 'transport-unsupported' });
});

test('no symlink is followed, wherever it leads', async (context) => {
  const directory = layout(context);
  const outside = scratch(context);
  const blobs = join(directory, 'blobs');
  renameSync(blobs, join(outside, 'blobs'));
  symlinkSync(join(outside, 'blobs'), blobs);
  await assert.rejects(readAll(`oci:${directory}`), { code: 'archive-invalid' });
  rmSync(blobs);
  renameSync(join(outside, 'blobs'), blobs);
  const blob = join(blobs, 'sha256', digestHex(digestOf(MANIFEST_BYTES)));
  renameSync(blob, join(directory, 'moved'));
  symlinkSync('../../moved', blob);
  await assert.rejects(readAll(`oci:${directory}`), { code: 'archive-invalid' });
});

test('a pipe, a device or a directory in place of a blob is refused at once', async (context) => {
  const directory = layout(context);
  const blob = join(directory, 'blobs/sha256', digestHex(digestOf(CONFIG_BYTES)));
  for (const make of [
    () => makeFifo(blob, 0o644),
    () => mkdirSync(blob),
    () => symlinkSync('/dev/zero', blob),
  ]) {
    rmSync(blob, { recursive: true });
    make();
    await assert.rejects(readAll(`oci:${directory}`), { code: 'archive-invalid' });
  }
});

test('a document of another content or size is refused', async (context) => {
  const directory = layout(context);
  const manifest = join(directory, 'blobs/sha256', digestHex(digestOf(MANIFEST_BYTES)));
  writeFileSync(manifest, MANIFEST_BYTES.toString().replace('config', 'comfig'));
  await assert.rejects(readAll(`oci:${directory}`), { code: 'digest-mismatch' });
  truncateSync(manifest, 3);
  await assert.rejects(readAll(`oci:${directory}`), { code: 'size-mismatch' });
});

test('a layer of another size is refused before a byte of it comes', async (context) => {
  const directory = layout(context);
  const { image } = await readAll(`oci:${directory}`);
  const [layer] = image.manifest.layers;
  assert.ok(layer);
  truncateSync(join(directory, 'blobs/sha256', digestHex(layer.digest)), layer.size + 1);
  await assert.rejects(readAll(`oci:${directory}`), { code: 'size-mismatch' });
});

test('a document beyond its limit is not read', async (context) => {
  const directory = layout(context);
  truncateSync(join(directory, 'index.json'), 2 ** 40);
  await assert.rejects(readAll(`oci:${directory}`), {
    code: 'limit-exceeded',
    message: /limits\.manifestBytes/,
  });
});

test('an aborted read ends', async (context) => {
  const source = open(`oci:${layout(context)}`);
  const { image } = await readAll(source.name);
  const [layer] = image.manifest.layers;
  assert.ok(layer);
  const reading = source.blob(layer, AbortSignal.abort());
  await assert.rejects(
    async () => {
      for await (const _ of reading);
    },
    { name: 'AbortError' },
  );
  await source.close();
});

test('no file stays open', async (context) => {
  const directory = layout(context);
  const before = readdirSync('/proc/self/fd').length;
  await readAll(`oci:${directory}`);
  await assert.rejects(readAll(`oci:${directory}:no`));
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('a document that grows after it was measured is not read without end', async () => {
  const files: ImageFiles = {
    place: '/srv/etcd',
    size: async () => 10,
    read: async function* () {
      for (;;) yield Buffer.alloc(1 << 20);
    },
    close: async () => {},
  };
  await assert.rejects(readDocument(files, 'index.json', DEFAULT_LIMITS), { code: 'limit-exceeded' });
});
