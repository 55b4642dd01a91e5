import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { TAR_END, type TarHeaderFields, tarHeader } from '../../../src/image/tar-writer.ts';
import type { TarEntry } from '../../../src/layer/tar-entry.ts';
import { TarReader } from '../../../src/layer/tar-reader.ts';

function readBack(fields: TarHeaderFields): TarEntry {
  const found: TarEntry[] = [];
  const handler = { entry: (entry: TarEntry) => void found.push(entry), data: () => {}, end: () => {} };
  const reader = new TarReader(handler, DEFAULT_LIMITS);
  reader.write(Buffer.concat([tarHeader(fields), TAR_END]));
  reader.finish();
  const [entry] = found;
  assert.ok(entry);
  return entry;
}

test('a header is read back as it was written', () => {
  const plain = { name: 'x', mode: 0o644 };
  const cases: TarHeaderFields[] = [
    { type: 'file', ...plain },
    { type: 'directory', name: 'usr/', mode: 0o1777, uid: 7, gid: 8, mtime: 1_600_000_000_000_000_000n },
    { type: 'symlink', ...plain, linkName: '../y' },
    { type: 'hardlink', ...plain, linkName: 'y'.repeat(101) },
    { type: 'character', ...plain, major: 0xfff, minor: 0xfffff },
    { type: 'block', ...plain, major: 8, minor: 1 },
    { type: 'fifo', name: 'n'.repeat(100), mode: 0o4755 },
    { type: 'directory', name: `${'d/'.repeat(60)}`, mode: 0o755 },
    { type: 'file', name: '\xff\xfe\x80', mode: 0, uid: 0o7777777, gid: 0o7777777 },
    { type: 'file', name: `${'\xe9'.repeat(120)}`, mode: 0o777, uid: 0xfffffffe, gid: 0o10000000 },
    { type: 'file', ...plain, mtime: 1n },
    { type: 'file', ...plain, mtime: -1n },
    { type: 'file', ...plain, mtime: -1_500_000_000n },
    { type: 'file', ...plain, mtime: 1_600_000_000_120_000_000n },
    {
      type: 'file',
      ...plain,
      xattrs: [
        ['security.capability', '\x01\0\n=\xff'],
        ['user.x', ''],
      ],
    },
  ];
  for (const fields of cases) {
    const { type, name, linkName = '', uid = 0, gid = 0, mode, mtime = 0n, major = 0, minor = 0 } = fields;
    const xattrs = new Map(fields.xattrs);
    const wanted = { type, name, linkName, size: 0, uid, gid, mode, mtime, major, minor, xattrs };
    assert.deepEqual(readBack(fields), wanted);
  }
});
