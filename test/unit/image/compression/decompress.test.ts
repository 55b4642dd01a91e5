import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { Budget } from '../../../../src/image/budget.ts';
import { decompress } from '../../../../src/image/compression/decompress.ts';
import { DEFAULT_LIMITS, readLimits } from '../../../../src/image/limits.ts';
import { type Compression, layerCompression } from '../../../../src/image/media-type.ts';

const CONTENT = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * index) >> 9));

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  // Copies, because what is read is freed.
  for (let at = 0; at < bytes.length; at += size) yield new Uint8Array(bytes.subarray(at, at + size));
}

async function read(compression: Compression, bytes: Buffer, size = 65_536, limits = DEFAULT_LIMITS) {
  const found: Buffer[] = [];
  for await (const chunk of decompress(compression, pieces(bytes, size), limits))
    found.push(Buffer.from(chunk));
  return Buffer.concat(found);
}

function skippable(content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

const gzip = gzipSync(CONTENT);
const zstd = zstdCompressSync(CONTENT);
const checked = zstdCompressSync(CONTENT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
const small = zstdCompressSync(Buffer.from('abc'));
const bzip2 = execFileSync('bzip2', { input: CONTENT, maxBuffer: 1 << 24 });
const xz = execFileSync('xz', { input: CONTENT, maxBuffer: 1 << 24 });

test('every codec gives back what went in, whatever the pieces', async () => {
  for (const size of [777, 65_536, 10_000_000]) {
    assert.ok((await read('gzip', gzip, size)).equals(CONTENT), `gzip by ${size}`);
    assert.ok((await read('zstd', zstd, size)).equals(CONTENT), `zstd by ${size}`);
    assert.ok((await read('none', CONTENT, size)).equals(CONTENT), `none by ${size}`);
    assert.ok((await read('bzip2', bzip2, size)).equals(CONTENT), `bzip2 by ${size}`);
    assert.ok((await read('xz', xz, size)).equals(CONTENT), `xz by ${size}`);
  }
});

test('no bytes at all are an empty archive in every codec', async () => {
  for (const compression of ['none', 'gzip', 'zstd', 'bzip2', 'xz'] as const) {
    assert.equal((await read(compression, Buffer.alloc(0))).length, 0);
  }
});

test('all gzip members and all zstd frames are read, skippable ones passed over', async () => {
  const twice = Buffer.concat([CONTENT, CONTENT]);
  assert.ok((await read('gzip', Buffer.concat([gzip, gzip]))).equals(twice));
  for (const size of [1, 4096]) {
    const frames = [
      skippable(Buffer.from('toc')),
      small,
      skippable(Buffer.alloc(0)),
      small,
      skippable(small),
    ];
    assert.equal((await read('zstd', Buffer.concat(frames), size)).toString(), 'abcabc');
  }
  assert.ok((await read('zstd', Buffer.concat([zstd, skippable(gzip), zstd]))).equals(twice));
});

const broken: [name: string, compression: Compression, bytes: Buffer][] = [
  ['gzip cut off in its data', 'gzip', gzip.subarray(0, -1000)],
  ['gzip cut off in its trailer', 'gzip', gzip.subarray(0, -3)],
  ['gzip with a changed checksum', 'gzip', flip(gzip, gzip.length - 6)],
  ['gzip followed by garbage', 'gzip', Buffer.concat([gzip, Buffer.from('garbage')])],
  ['gzip followed by zeros', 'gzip', Buffer.concat([gzip, Buffer.alloc(100_000)])],
  ['gzip followed by half a member', 'gzip', Buffer.concat([gzip, gzip.subarray(0, 5)])],
  ['zstd cut off in a block', 'zstd', zstd.subarray(0, -1000)],
  ['zstd cut off in its last byte', 'zstd', zstd.subarray(0, -1)],
  ['zstd followed by garbage', 'zstd', Buffer.concat([small, Buffer.from('garbage')])],
  ['zstd followed by zeros', 'zstd', Buffer.concat([small, Buffer.alloc(3)])],
  [
    'zstd followed by a cut-off skippable frame',
    'zstd',
    Buffer.concat([small, skippable(small).subarray(0, -1)]),
  ],
  ['zstd with a changed block', 'zstd', flip(checked, 2000)],
  ['zstd with a changed checksum', 'zstd', flip(checked, checked.length - 1)],
  ['zstd of a version before the standard', 'zstd', Buffer.from('1eb52ffd', 'hex')],
  ['bzip2 cut off', 'bzip2', bzip2.subarray(0, -1000)],
  ['bzip2 cut off in its last byte', 'bzip2', bzip2.subarray(0, -1)],
  ['bzip2 with a changed block', 'bzip2', flip(bzip2, 2000)],
  ['bzip2 followed by garbage', 'bzip2', Buffer.concat([bzip2, Buffer.from('garbage')])],
  ['xz cut off', 'xz', xz.subarray(0, -1000)],
  ['xz cut off in its last byte', 'xz', xz.subarray(0, -1)],
  ['xz with a changed block', 'xz', flip(xz, 2000)],
  ['xz followed by garbage', 'xz', Buffer.concat([xz, Buffer.from('garbage')])],
  ['xz announced as plain', 'none', xz],
  ['bzip2 announced as plain', 'none', bzip2],
  ['gzip announced as zstd', 'zstd', gzip],
  ['zstd announced as gzip', 'gzip', zstd],
  ['gzip announced as plain', 'none', gzip],
];

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

for (const [name, compression, bytes] of broken) {
  test(`refused: ${name}`, async () => {
    for (const size of [3001, 10_000_000]) {
      await assert.rejects(read(compression, bytes, size), { code: 'layer-invalid' });
    }
  });
}

test('a zstd window above the limit is refused by name', async () => {
  const limits = readLimits({ zstdWindowBytes: 1024 });
  await assert.rejects(read('zstd', zstd, 4096, limits), {
    code: 'limit-exceeded',
    message: /zstdWindowBytes/,
  });
});

test('zstd frames that share memory take turns, also where one is given up', async () => {
  const windows = new Budget(1);
  const open = () => decompress('zstd', pieces(zstd, 65_536), DEFAULT_LIMITS, windows);
  const [first, second, third] = [open(), open(), open()];
  await first.next();
  let begun = false;
  const next = second.next().then(() => {
    begun = true;
  });
  for (let turns = 0; turns < 50; turns += 1) await turn();
  assert.equal(begun, false);
  await first.return(undefined);
  await next;
  for await (const _ of second);
  assert.equal((await third.next()).done, false);
  await third.return(undefined);
});

test('a small zstd frame of much content comes out whole, and one of damaged content is refused', async () => {
  const zeros = Buffer.alloc(9_000_000);
  const frame = zstdCompressSync(zeros);
  assert.ok(frame.length < 60_000);
  assert.ok((await read('zstd', Buffer.concat([small, frame, small]), 1000)).subarray(3, -3).equals(zeros));
  const summed = zstdCompressSync(Buffer.from('abc'), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  await assert.rejects(read('zstd', flip(summed, summed.length - 1)), { code: 'layer-invalid' });
});

test('an error of the source comes through as it is', async () => {
  async function* failing(bytes: Buffer): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(bytes.subarray(0, 1000));
    throw new RangeError('line is dead');
  }
  for (const [compression, bytes] of [
    ['gzip', gzip],
    ['xz', xz],
    ['bzip2', bzip2],
  ] as const) {
    const reading = async () => {
      for await (const _chunk of decompress(compression, failing(bytes), DEFAULT_LIMITS));
    };
    await assert.rejects(reading, RangeError);
  }
});

test('a program that gives up does not wait for a source that stalls', async () => {
  async function* stalling(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(flip(xz, 2000).subarray(0, -1));
    await new Promise(() => {});
  }
  const reading = async () => {
    for await (const _chunk of decompress('xz', stalling(), DEFAULT_LIMITS));
  };
  await assert.rejects(reading, { code: 'layer-invalid' });
});

test('a program that decompresses ends with its reader, which need not read all', async () => {
  const endless = execFileSync('sh', ['-c', 'head -c 200000000 /dev/zero | xz -0'], { maxBuffer: 1 << 24 });
  for await (const chunk of decompress('xz', pieces(endless, 65_536), DEFAULT_LIMITS)) {
    assert.ok(chunk.length > 0);
    break;
  }
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1');
  assert.equal(children.trim(), '');
});

test('xz that asks for more memory than the limit is refused by name', async () => {
  const greedy = execFileSync('xz', ['-9', '--lzma2=dict=256MiB'], { input: 'abc' });
  await assert.rejects(read('xz', greedy), { code: 'limit-exceeded', message: /limits\.xzMemoryBytes/ });
});

test('a file whose name begins as bzip2 does is no bzip2', async () => {
  const archive = Buffer.from('BZh9 is a name'.padEnd(512, '\0'));
  assert.ok((await read('none', archive)).equals(archive));
});

test('media types name the compression, others are refused', () => {
  const oci = 'application/vnd.oci.image.layer.v1.tar';
  const docker = 'application/vnd.docker.image.rootfs.diff.tar';
  assert.equal(layerCompression(oci), 'none');
  assert.equal(layerCompression(`${oci}+gzip`), 'gzip');
  assert.equal(layerCompression(`${oci}+zstd`), 'zstd');
  assert.equal(layerCompression(`${docker}.gzip`), 'gzip');
  assert.equal(layerCompression(docker), 'none');
  for (const type of ['', `${oci}+xz`, 'text/plain', `${oci}+gzip; x`]) {
    assert.throws(() => layerCompression(type), { code: 'media-type-unsupported' });
  }
});

test('a blob of empty zstd frames, each of which takes a decoder, reaches the limit', async () => {
  const empty = zstdCompressSync(Buffer.alloc(0));
  const many = Buffer.concat(Array.from({ length: 20 }, () => empty));
  assert.equal((await read('zstd', many)).length, 0);
  await assert.rejects(read('zstd', many, 65_536, readLimits({ entries: 10 })), {
    code: 'limit-exceeded',
    message: /zstd frames/,
  });
});

test('what a gzip decoder says when it has ended is no failure of the program', async () => {
  const member = gzipSync('abc');
  const late = Buffer.concat([member, Buffer.alloc(member.length), Buffer.from('garbage')]);
  await assert.rejects(read('gzip', late, member.length), { code: 'layer-invalid' });
  await new Promise(setImmediate);
});
