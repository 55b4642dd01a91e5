import assert from 'node:assert/strict';
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setMtime } from '../../../src/linux/mtime.ts';
import { decodeDevice, makeDevice, makeFifo } from '../../../src/linux/node.ts';
import { syncFileSystem } from '../../../src/linux/syncfs.ts';
import { copyXattrs, getXattr, listXattrs, setXattr } from '../../../src/linux/xattr.ts';

function place(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-linux-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('xattrs keep their bytes, and are copied', (context) => {
  const [one, two] = [join(place(context), 'one'), join(place(context), 'two')];
  writeFileSync(one, '');
  writeFileSync(two, '');
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  setXattr(one, 'security.capability', capability);
  setXattr(one, 'user.empty', Buffer.alloc(0));
  const descriptor = openSync(two, 'r');
  copyXattrs(one, descriptor);
  closeSync(descriptor);
  assert.deepEqual(listXattrs(two), ['security.capability', 'user.empty']);
  assert.deepEqual(getXattr(two, 'security.capability'), capability);
  assert.equal(getXattr(two, 'user.absent'), undefined);
});

test('a value that is too large for the file system is no full disk', (context) => {
  const file = join(place(context), 'file');
  writeFileSync(file, '');
  // statfs(2): of ext2, ext3 and ext4, which have room for about one block. Others take up to 64 KiB.
  if (statfsSync(file).type !== 0xef53) return context.skip('not on ext4');
  assert.throws(() => setXattr(file, 'user.k', Buffer.alloc(20_000)), {
    code: 'io',
    message: /of 20000 bytes/,
  });
});

test('errors are named as Node names them', () => {
  assert.throws(() => setXattr('/nowhere/at all', 'user.x', Buffer.alloc(1)), {
    code: 'ENOENT',
    syscall: 'lsetxattr',
    path: '/nowhere/at all',
  });
  assert.throws(() => makeFifo('/tmp/cut\0off', 0o600), { code: 'EINVAL' });
});

test('device numbers of every size come back', (context) => {
  for (const [major, minor] of [
    [1, 3],
    [0xfff, 0xfffff],
    [259, 70_000],
  ] as const) {
    const path = join(place(context), 'device');
    makeDevice(path, 'block', 0o640, { major, minor });
    const stat = lstatSync(path, { bigint: true });
    assert.ok(stat.isBlockDevice());
    assert.deepEqual(decodeDevice(stat.rdev), { major, minor });
  }
});

test("times have nanoseconds, reach back before 1970, and are the symlink's own", (context) => {
  const path = join(place(context), 'dangling');
  symlinkSync('nowhere', path);
  for (const time of [1_234_567_890_123_456_789n, -1n, 0n]) {
    setMtime(path, time);
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, time);
  }
});

test('a file system can be synced', (context) => {
  syncFileSystem(place(context));
});
