import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, type Limits, readLimits } from '../../../src/image/limits.ts';
import type { TarEntry } from '../../../src/layer/tar-entry.ts';
import { TarReader } from '../../../src/layer/tar-reader.ts';
import { header, paxRecord, seal, TarBuilder } from './tar-builder.ts';

interface Found extends TarEntry {
  content: string;
}

function read(archive: Buffer, piece = archive.length || 1, limits: Limits = DEFAULT_LIMITS): Found[] {
  const found: Found[] = [];
  const reader = new TarReader(
    {
      entry: (entry) => found.push({ ...entry, content: '' }),
      data: (chunk) => {
        const last = found.at(-1);
        if (last !== undefined) last.content += chunk.toString('latin1');
      },
      end: () => {},
    },
    limits,
  );
  for (let at = 0; at < archive.length; at += piece) reader.write(archive.subarray(at, at + piece));
  reader.finish();
  return found;
}

function one(archive: Buffer): Found {
  const found = read(archive);
  assert.equal(found.length, 1);
  return found[0] as Found;
}

test('entries of every type come in order, whatever the pieces', () => {
  const archive = new TarBuilder()
    .directory('d/', { mode: 0o1777, uid: 7, gid: 8, mtime: 5 })
    .file('d/f', 'x'.repeat(1000))
    .file('d/empty')
    .hardlink('d/h', 'd/f')
    .symlink('d/s', '../x')
    .device('character', 'c', 1, 3)
    .device('block', 'b', 8, 0)
    .fifo('p')
    .end();
  for (const piece of [1, 7, 512, 100_000]) {
    const found = read(archive, piece);
    assert.deepEqual(
      found.map(({ type, name, linkName }) => [type, name, linkName]),
      [
        ['directory', 'd/', ''],
        ['file', 'd/f', ''],
        ['file', 'd/empty', ''],
        ['hardlink', 'd/h', 'd/f'],
        ['symlink', 'd/s', '../x'],
        ['character', 'c', ''],
        ['block', 'b', ''],
        ['fifo', 'p', ''],
      ],
    );
    assert.equal(found[1]?.content, 'x'.repeat(1000));
    assert.deepEqual([found[0]?.uid, found[0]?.gid, found[0]?.mode], [7, 8, 0o1777]);
    assert.deepEqual([found[5]?.major, found[5]?.minor], [1, 3]);
  }
});

test('PAX records win over the header, and their values are bytes', () => {
  const value = Buffer.from('010000\0\n=\xff\x80', 'latin1');
  const entry = one(
    new TarBuilder()
      .file('short', 'abc', {
        pax: {
          path: `${'p/'.repeat(100)}n\xff\xe9`,
          uid: '3000000000',
          gid: '4',
          mtime: '12.0000000019',
          'SCHILY.xattr.security.capability': value,
          atime: '1',
          comment: 'passed over',
        },
      })
      .end(),
  );
  assert.equal(entry.name, `${'p/'.repeat(100)}n\xff\xe9`);
  assert.deepEqual([entry.uid, entry.gid, entry.mtime], [3_000_000_000, 4, 12_000_000_001n]);
  assert.equal(entry.xattrs.get('security.capability'), value.toString('latin1'));
});

test('times before 1970 are rounded towards the past', () => {
  const time = (mtime: string) => one(new TarBuilder().file('f', '', { pax: { mtime } }).end()).mtime;
  assert.equal(time('-1.5'), -1_500_000_000n);
  assert.equal(time('-0.0000000001'), -1n);
  assert.equal(one(new TarBuilder().file('f', '', { mtime: -7 }).end()).mtime, -7_000_000_000n);
});

test('PAX records hold for one entry', () => {
  const archive = new TarBuilder()
    .file('a', '', { pax: { path: 'A', uid: '9' } })
    .file('b')
    .end();
  assert.deepEqual(
    read(archive).map(({ name, uid }) => [name, uid]),
    [
      ['A', 9],
      ['b', 0],
    ],
  );
});

test('GNU long names, base-256 numbers and the ustar prefix are read', () => {
  const long = `${'long/'.repeat(60)}\xe9`;
  const link = one(
    new TarBuilder()
      .gnuLong('K', 'k'.repeat(300))
      .gnuLong('L', long)
      .symlink('x', 'y', { format: 'gnu', uid: 2 ** 31 })
      .end(),
  );
  assert.deepEqual([link.name, link.linkName, link.uid], [long, 'k'.repeat(300), 2 ** 31]);
  assert.equal(one(new TarBuilder().file('name', '', { prefix: 'a/b' }).end()).name, 'a/b/name');
});

test('a v7 name with a slash at its end is a directory', () => {
  assert.equal(one(new TarBuilder().entry('\0', 'old/', { format: 'v7' }).end()).type, 'directory');
});

test('a number is what GNU tar takes it for, behind a NUL or blanks too', () => {
  const uidOf = (field: string) => {
    const block = header('0', 'f', {}, 0);
    block.fill(0, 108, 116).write(field, 108, 'latin1');
    return one(Buffer.concat([seal(block), Buffer.alloc(1024)])).uid;
  };
  assert.deepEqual(['7', '\x007', '  7', '\x00 7', '\x00\x007', ''].map(uidOf), [7, 7, 7, 7, 0, 0]);
  for (const field of [' 9', '\x009', '\x00\x80\x01'])
    assert.throws(() => uidOf(field), { code: 'layer-invalid' });
});

test('bytes after the end are passed over, and an end is not asked for', () => {
  const builder = new TarBuilder().file('a', 'b');
  assert.equal(read(Buffer.concat([builder.end(), Buffer.from('anything at all')])).length, 1);
  assert.equal(read(builder.bytes()).length, 1);
  assert.equal(read(Buffer.concat([builder.bytes(), Buffer.alloc(512)])).length, 1);
  assert.deepEqual(read(Buffer.alloc(0)), []);
});

test('a global header changes nothing', () => {
  const records = { comment: 'commit', path: 'x', size: '9', uid: '5', 'SCHILY.xattr.user.a': 'b' };
  const entry = one(new TarBuilder().pax(records, 'g').file('a', 'abc').end());
  assert.deepEqual([entry.name, entry.size, entry.uid, entry.xattrs.size], ['a', 3, 0, 0]);
});

const pax = (records: Record<string, string>) => new TarBuilder().file('f', 'abc', { pax: records }).end();
const rawPax = (content: string) => new TarBuilder().entry('x', 'p', { content }).file('f').end();
const file = header('0', 'f', {}, 3);

const refused: [name: string, archive: Buffer][] = [
  ['a wrong checksum', Buffer.concat([Buffer.from(file).fill('g', 0, 1), Buffer.alloc(2048)])],
  ['an unknown magic', Buffer.concat([seal(Buffer.from(file).fill('z', 257, 260)), Buffer.alloc(2048)])],
  [
    'a size that is not octal',
    Buffer.concat([seal(Buffer.from(file).fill('9', 124, 130)), Buffer.alloc(2048)]),
  ],
  ['a negative size', new TarBuilder().file('f', '', { size: -1 }).end()],
  ['a size beyond what numbers hold', new TarBuilder().file('f', '', { size: 2 ** 60 }).end()],
  ['a negative owner', new TarBuilder().file('f', '', { uid: -1 }).end()],
  ['the owner that means "leave it"', new TarBuilder().file('f', '', { uid: 0xffffffff }).end()],
  ['an old GNU sparse file', new TarBuilder().entry('S', 'f').end()],
  ['an unknown type', new TarBuilder().entry('Z', 'f').end()],
  ['a volume label', new TarBuilder().entry('V', 'f').end()],
  ['a directory with content', new TarBuilder().entry('5', 'd', { content: 'hidden' }).end()],
  ['a hard link with content', new TarBuilder().entry('1', 'd', { content: 'x', linkName: 'y' }).end()],
  ['a v7 directory with content', new TarBuilder().file('d/', 'content').end()],
  ['an archive cut off in a header', new TarBuilder().file('f').bytes().subarray(0, 300)],
  ['an archive cut off in content', new TarBuilder().file('f', 'x'.repeat(600)).bytes().subarray(0, 600)],
  ['an archive cut off in padding', new TarBuilder().file('f', 'x').bytes().subarray(0, 600)],
  ['an archive cut off after a PAX header', new TarBuilder().pax({ path: 'x' }).bytes()],
  ['an archive that ends after a PAX header', new TarBuilder().pax({ path: 'x' }).end()],
  ['an archive cut off in its end', Buffer.concat([new TarBuilder().file('f').bytes(), Buffer.alloc(700)])],
  ['an entry after an end marker', Buffer.concat([Buffer.alloc(512), new TarBuilder().file('f').end()])],
  ['two sizes of one file (CVE-2025-62518)', pax({ size: '1024' })],
  ['a PAX size that is no number', pax({ size: '-3' })],
  ['a PAX path with a NUL', pax({ path: 'a\0b' })],
  ['an empty PAX path', pax({ path: '' })],
  ['a PAX sparse file', pax({ 'GNU.sparse.major': '1' })],
  ['a PAX time of words', pax({ mtime: 'yesterday' })],
  ['a PAX xattr without a name', pax({ 'SCHILY.xattr.': 'x' })],
  ['a PAX record without a length', rawPax('path=x\n')],
  ['a PAX record with a length that is too long', rawPax('99 path=x\n')],
  ['a PAX record with a length that is too short', rawPax('5 path=x\n')],
  ['a PAX record without a key', rawPax('5 =x\n')],
  ['a PAX record without a newline', rawPax('9 path=x;')],
  ['two PAX headers before one entry', new TarBuilder().pax({ uid: '1' }).pax({ gid: '1' }).file('f').end()],
  [
    'a global PAX record without a length',
    new TarBuilder().entry('g', 'p', { content: 'path=x\n' }).file('f').end(),
  ],
  ['two GNU long names', new TarBuilder().gnuLong('L', 'a').gnuLong('L', 'b').file('f').end()],
  ['a PAX path and a GNU long name', new TarBuilder().pax({ path: 'a' }).gnuLong('L', 'b').file('f').end()],
  ['a GNU long name and a PAX path', new TarBuilder().gnuLong('L', 'b').pax({ path: 'a' }).file('f').end()],
  ['a GNU long name with a NUL in it', new TarBuilder().gnuLong('L', 'a\0b').file('f').end()],
];

for (const [name, archive] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(() => read(archive), { code: 'layer-invalid' });
    assert.throws(() => read(archive, 13), { code: 'layer-invalid' });
  });
}

test('device numbers that the kernel cannot hold are refused', () => {
  for (const [major, minor] of [
    [4096, 0],
    [0, 2 ** 20],
  ] as const) {
    const archive = new TarBuilder().device('character', 'd', major, minor).end();
    assert.throws(() => read(archive), { code: 'layer-unsafe' });
  }
});

test('a long extension header and a large file reach their limits by name', () => {
  const limits = readLimits({ headerBytes: 1000, fileBytes: 1000 });
  const longName = new TarBuilder().gnuLong('L', 'x'.repeat(1000)).file('f').end();
  assert.throws(() => read(longName, 512, limits), {
    code: 'limit-exceeded',
    message: /limits\.headerBytes/,
  });
  const large = new TarBuilder().file('f', Buffer.alloc(1001)).end();
  assert.throws(() => read(large, 512, limits), { code: 'limit-exceeded', message: /limits\.fileBytes/ });
});

test('the builder gives a PAX record the length that counts itself', () => {
  assert.equal(paxRecord('k', Buffer.from('v'.repeat(4))).toString(), '9 k=vvvv\n');
  assert.equal(paxRecord('k', Buffer.from('v'.repeat(5))).toString(), '11 k=vvvvv\n');
});
