import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { digestHex } from '../../../src/image/digest.ts';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { ArchiveFiles } from '../../../src/transport/files/archive-files.ts';
import { scratch } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { CONFIG_BYTES, LAYERS, open, readAll, tarOf } from './sample-image.ts';

const [LOWER = Buffer.alloc(0), UPPER = Buffer.alloc(0)] = LAYERS;
const NEVER = new AbortController().signal;

interface Item {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}

function item(tags: string[] | null, layers = ['a/layer.tar', 'b/layer.tar']): Item {
  return { Config: 'config.json', RepoTags: tags, Layers: layers };
}

function archiveFiles(...items: Item[]): Record<string, string | Buffer> {
  return {
    'a/layer.tar': LOWER,
    'b/layer.tar': UPPER,
    'config.json': CONFIG_BYTES,
    'manifest.json': JSON.stringify(items),
  };
}

function save(context: TestContext, bytes: Buffer): string {
  const file = join(scratch(context), 'image.tar');
  writeFileSync(file, bytes);
  return file;
}

test('an archive gives its image by any spelling of its tag, by index, and as the only one', async (context) => {
  const one = save(context, tarOf(archiveFiles(item(['etcd:3']))));
  const two = save(context, tarOf(archiveFiles(item(['etcd:3', 'docker.io/me/etcd:3']), item(null))));
  const choices = [one, `${one}:etcd:3`, `${one}:docker.io/library/etcd:3`, `${two}:me/etcd:3`, `${two}:@1`];
  for (const choice of choices) {
    const { config, layers } = await readAll(`docker-archive:${choice}`);
    assert.deepEqual(config, CONFIG_BYTES);
    assert.deepEqual(layers, LAYERS);
  }
});

test('what is not one image of the archive is refused with what there is', async (context) => {
  const two = save(context, tarOf(archiveFiles(item(['etcd:3']), item(['etcd:4']))));
  const message = /: there is "etcd:3", "etcd:4"$/;
  await assert.rejects(readAll(`docker-archive:${two}`), { code: 'usage', message });
  await assert.rejects(readAll(`docker-archive:${two}:etcd`), {
    code: 'image-not-found',
    message,
    hint: `name one, such as docker-archive:${two}:etcd:3`,
  });
  const none = save(context, tarOf(archiveFiles()));
  await assert.rejects(readAll(`docker-archive:${none}`), { code: 'image-not-found' });
});

test('the same content has the same manifest, however the archive is packed', async (context) => {
  const files = archiveFiles(item(['etcd:3']));
  const plain = tarOf(files);
  const shuffled = tarOf(Object.fromEntries(Object.entries(files).reverse()));
  const compress = (program: string) => execFileSync(program, ['-c'], { input: plain });
  const packed = [
    plain,
    shuffled,
    gzipSync(plain),
    zstdCompressSync(plain),
    compress('xz'),
    compress('bzip2'),
  ];
  const digests = new Set<string>();
  for (const bytes of packed) {
    const { digest, layers } = await readAll(`docker-archive:${save(context, bytes)}`);
    assert.deepEqual(layers, LAYERS);
    digests.add(digest);
  }
  assert.equal(digests.size, 1);
});

test('layers may be compressed, and named by their digest', async (context) => {
  const upper = gzipSync(UPPER);
  const named = `blobs/${digestOf(upper).replace(':', '/')}`;
  const files = {
    ...archiveFiles(item(null, ['a/layer.tar', named])),
    'a/layer.tar': zstdCompressSync(LOWER),
    [named]: upper,
  };
  const { image, layers } = await readAll(`docker-archive:${save(context, tarOf(files))}`);
  assert.deepEqual(
    image.manifest.layers.map(({ mediaType, digest }) => [mediaType.replace(/.*\./, ''), digest]),
    [
      ['zstd', digestOf(zstdCompressSync(LOWER))],
      ['gzip', digestOf(upper)],
    ],
  );
  assert.deepEqual(gunzipSync(layers[1] ?? Buffer.alloc(0)), UPPER);
});

test('a layer that another image has as well may be a symlink inside the archive', async (context) => {
  const tar = new TarBuilder();
  for (const [name, content] of Object.entries(archiveFiles(item(null, ['c/layer.tar', 'b/layer.tar'])))) {
    tar.file(name, content);
  }
  const file = save(context, tar.symlink('c/layer.tar', '../a/layer.tar').end());
  assert.deepEqual((await readAll(`docker-archive:${file}`)).layers, LAYERS);
});

test('a config that is named by a digest must have it', async (context) => {
  const config = `${digestHex(digestOf(CONFIG_BYTES))}.json`;
  const files = (bytes: Buffer) => ({
    ...archiveFiles({ ...item(null), Config: config }),
    [config]: bytes,
  });
  await readAll(`docker-archive:${save(context, tarOf(files(CONFIG_BYTES)))}`);
  const changed = Buffer.from(CONFIG_BYTES.toString().replace('/bin/server', '/bin/backdoor'));
  await assert.rejects(readAll(`docker-archive:${save(context, tarOf(files(changed)))}`), {
    code: 'digest-mismatch',
  });
});

test('a hint has no tag in it that a shell would run', async (context) => {
  const file = save(context, tarOf(archiveFiles(item(['$(reboot):1']), item(['etcd:3']))));
  await assert.rejects(readAll(`docker-archive:${file}`), {
    hint: `name one, such as docker-archive:${file}:etcd:3`,
  });
});

describe('refused is an archive', () => {
  const files = archiveFiles(item(null));
  const hostile = (change: (tar: TarBuilder) => TarBuilder): Buffer => {
    const tar = new TarBuilder();
    for (const [name, content] of Object.entries(files)) tar.file(name, content);
    return change(tar).end();
  };
  const CASES: [string, Buffer][] = [
    ['with a file twice', hostile((tar) => tar.file('manifest.json', '[]'))],
    ['with a file twice, spelled otherwise', hostile((tar) => tar.file('./a//layer.tar'))],
    ['with an absolute name', hostile((tar) => tar.file('/etc/passwd'))],
    ['with a name that climbs', hostile((tar) => tar.file('a/../../x'))],
    ['with a long name that climbs', hostile((tar) => tar.pax({ path: '../x' }).file('x'))],
    ['with a GNU name that climbs', hostile((tar) => tar.gnuLong('L', '../x').file('x'))],
    ['with a symlink out of it', hostile((tar) => tar.symlink('c', '../c'))],
    ['with an absolute symlink', hostile((tar) => tar.symlink('c', '/etc/passwd'))],
    ['with a hard link', hostile((tar) => tar.hardlink('c', 'config.json'))],
    ['with a device', hostile((tar) => tar.device('character', 'c', 1, 5))],
    ['with a pipe', hostile((tar) => tar.fifo('c'))],
    ['with a GNU sparse file', hostile((tar) => tar.entry('S', 'c', { format: 'gnu' }))],
    ['with a PAX sparse file', hostile((tar) => tar.file('c', '', { pax: { 'GNU.sparse.major': '1' } }))],
    ['with a directory that has content', hostile((tar) => tar.directory('c', { size: 512 }))],
    ['with a file that goes beyond its end', hostile((tar) => tar.file('c', '', { size: 2 ** 33 }))],
    ['with a file of negative size', hostile((tar) => tar.file('c', '', { size: -1000 }))],
    ['with a header of gigabytes', hostile((tar) => tar.entry('x', 'c', { size: 2 ** 33 }))],
    ['that ends within a file', tarOf(files).subarray(0, 700)],
    ['of nothing', Buffer.alloc(0)],
    ['of something else', Buffer.from('#!/bin/sh\n'.repeat(100))],
    ['of gzip that is cut', gzipSync(tarOf(files)).subarray(0, -20)],
    ['without its config', tarOf({ 'manifest.json': JSON.stringify([item(null)]) })],
    [
      'without a layer',
      tarOf({ ...files, 'manifest.json': JSON.stringify([item(null, ['a/layer.tar', 'c'])]) }),
    ],
    [
      'with a layer too many',
      tarOf({
        ...files,
        'manifest.json': JSON.stringify([item(null, ['a/layer.tar', 'b/layer.tar', 'config.json'])]),
      }),
    ],
    [
      'with a layer outside',
      tarOf({ ...files, 'manifest.json': JSON.stringify([item(null, ['/etc/passwd', '../b'])]) }),
    ],
    ['with a list that is none', tarOf({ ...files, 'manifest.json': '{}' })],
  ];
  for (const [name, bytes] of CASES) {
    test(name, async (context) => {
      await assert.rejects(readAll(`docker-archive:${save(context, bytes)}`), { code: 'archive-invalid' });
    });
  }

  test('with symlinks that lead to one another', async (context) => {
    const loop = hostile((tar) => tar.symlink('c/layer.tar', '../d').symlink('d', 'c/layer.tar'));
    const file = save(context, loop);
    const opened = await ArchiveFiles.open(file, DEFAULT_LIMITS, NEVER);
    await assert.rejects(opened.size('d'), { code: 'archive-invalid', message: /too many symlinks/ });
    await opened.close();
  });

  test('with more entries than any image needs', async (context) => {
    const tar = new TarBuilder();
    for (let count = 0; count <= 20_000; count += 1) tar.file(`file-${count}`);
    await assert.rejects(readAll(`docker-archive:${save(context, tar.end())}`), { code: 'limit-exceeded' });
  });
});

test('a compressed archive takes no more than its limit, and leaves nothing', async (context) => {
  const file = save(context, gzipSync(tarOf(archiveFiles(item(null)))));
  const before = [readdirSync('/proc/self/fd').length, ourFiles()];
  const limits = { ...DEFAULT_LIMITS, imageBytes: 1000 };
  await assert.rejects(ArchiveFiles.open(file, limits, NEVER), {
    code: 'limit-exceeded',
    message: /limits\.imageBytes/,
  });
  await readAll(`docker-archive:${file}`);
  assert.deepEqual([readdirSync('/proc/self/fd').length, ourFiles()], before);
});

test('an archive that is being opened can be closed', async (context) => {
  const zeros = new TarBuilder().file('zeros', Buffer.alloc(64 << 20)).end();
  const file = save(context, gzipSync(zeros, { level: 1 }));
  const source = open(`docker-archive:${file}`);
  const top = source.top();
  const ending = assert.rejects(top, { name: 'AbortError' });
  await source.close();
  await ending;
});

function ourFiles(): string[] {
  return readdirSync('/var/tmp').filter((name) => /^berth-[0-9a-f-]{36}$/.test(name));
}
