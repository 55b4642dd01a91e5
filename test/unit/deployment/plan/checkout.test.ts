import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkout } from '../../../../src/deployment/plan/checkout.ts';
import type { Digest } from '../../../../src/image/digest.ts';
import { pullImage } from '../../../../src/layer/pull.ts';
import { readImageTree } from '../../../../src/layer/stored-layer.ts';
import { decodeDevice } from '../../../../src/linux/node.ts';
import { getXattr } from '../../../../src/linux/xattr.ts';
import { readXattrs } from '../../../../src/store/object.ts';
import { createStore, type Store } from '../../../../src/store/store.ts';
import { FakeSource, layerOf } from '../../layer/fake-source.ts';
import { scratch, scratchStore } from '../../layer/scratch.ts';
import { TarBuilder } from '../../layer/tar-builder.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

async function pull(store: Store, ...archives: Buffer[]): Promise<Digest[]> {
  const layers = archives.map((archive) => layerOf(archive));
  return (await pullImage(store, new FakeSource(layers), { platform })).diffIds;
}

/** Everything that can be seen of a tree, by path; names are latin1. */
function look(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string, name: string) => {
    const bytes = Buffer.from(path, 'latin1');
    const stat = lstatSync(bytes, { bigint: true });
    const what = stat.isSymbolicLink()
      ? readlinkSync(bytes, 'latin1')
      : stat.isFile()
        ? createHash('sha256').update(readFileSync(bytes)).digest('hex')
        : stat.rdev;
    const { mode, uid, gid, mtimeNs } = stat;
    found[name] = [mode.toString(8), uid, gid, mtimeNs, what, JSON.stringify(readXattrs(bytes))].join(' ');
    if (!stat.isDirectory()) return;
    for (const child of readdirSync(bytes, 'latin1')) walk(`${path}/${child}`, `${name}/${child}`);
  };
  walk(root, '');
  return found;
}

async function checkOut(store: Store, diffIds: Digest[], rootfs: string): Promise<void> {
  await checkout(store, readImageTree(store, diffIds), rootfs);
}

test('owner, setuid, capability, time and type of everything come out', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const diffIds = await pull(
    store,
    new TarBuilder()
      .directory('./', { mode: 0o711, mtime: 11 })
      .directory('d/', { mode: 0o3770, uid: 3, gid: 4, mtime: 12, pax: { 'SCHILY.xattr.user.k': 'v' } })
      .file('d/su', 'x', { mode: 0o6755, uid: 5, gid: 6, pax: { mtime: '13.123456789' } })
      .file('d/cap', 'x', { pax: { 'SCHILY.xattr.security.capability': CAPABILITY }, uid: 7 })
      .file('d/none', '', { mode: 0o4000, uid: 8 })
      .symlink('d/s', '/nowhere', { uid: 9, mtime: 14 })
      .device('character', 'd/null', 1, 3, 0o666)
      .device('block', 'd/block', 259, 70_000, 0o640)
      .fifo('d/p', { mode: 0o620 })
      .end(),
  );
  await checkOut(store, diffIds, rootfs);
  const stat = (name: string) => lstatSync(join(rootfs, name), { bigint: true });
  const meta = (name: string) => [stat(name).mode & 0o7777n, stat(name).uid, stat(name).gid].map(Number);
  assert.deepEqual([meta(''), stat('').mtimeNs], [[0o711, 0, 0], 11_000_000_000n]);
  assert.deepEqual([meta('d'), stat('d').mtimeNs], [[0o3770, 3, 4], 12_000_000_000n]);
  assert.equal(getXattr(join(rootfs, 'd'), 'user.k')?.toString(), 'v');
  assert.deepEqual([meta('d/su'), stat('d/su').mtimeNs], [[0o6755, 5, 6], 13_123_456_789n]);
  assert.deepEqual(getXattr(join(rootfs, 'd/cap'), 'security.capability'), CAPABILITY);
  assert.equal(
    execFileSync('/sbin/getcap', [join(rootfs, 'd/cap')])
      .toString()
      .trim()
      .split(' ')[1],
    'cap_net_bind_service=ep',
  );
  assert.deepEqual(meta('d/none'), [0o4000, 8, 0]);
  assert.deepEqual([Number(stat('d/s').uid), stat('d/s').mtimeNs], [9, 14_000_000_000n]);
  assert.equal(readlinkSync(join(rootfs, 'd/s')), '/nowhere');
  assert.ok(stat('d/null').isCharacterDevice() && stat('d/block').isBlockDevice() && stat('d/p').isFIFO());
  assert.deepEqual(decodeDevice(stat('d/block').rdev), { major: 259, minor: 70_000 });
  assert.deepEqual(meta('d/p'), [0o620, 0, 0]);
});

test('two checkouts share every file but the empty ones', async (context) => {
  const { store, directory } = scratchStore(context);
  const big = Buffer.alloc(2_000_000, 'b');
  const diffIds = await pull(store, new TarBuilder().file('a', 'a').file('d/big', big).file('empty').end());
  const inode = (root: string, name: string) => lstatSync(join(directory, root, name)).ino;
  for (const root of ['0', '1']) await checkOut(store, diffIds, join(directory, root));
  for (const name of ['a', 'd/big']) assert.equal(inode('0', name), inode('1', name));
  assert.notEqual(inode('0', 'empty'), inode('1', 'empty'));
});

test('the same content with another time or owner is not shared', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const diffIds = await pull(
    store,
    new TarBuilder()
      .file('a', 'x', { mtime: 1 })
      .file('b', 'x', { mtime: 2 })
      .file('c', 'x', { mtime: 1, uid: 1 })
      .end(),
  );
  await checkOut(store, diffIds, rootfs);
  const seen = ['a', 'b', 'c'].map((name) => lstatSync(join(rootfs, name)));
  assert.deepEqual(
    seen.map(({ mtimeMs, uid }) => [mtimeMs, uid]),
    [
      [1000, 0],
      [2000, 0],
      [1000, 1],
    ],
  );
});

test('hard links stay hard links: across layers, of empty files, devices and symlinks', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const lower = new TarBuilder().file('a', 'a').file('e').symlink('s', 'x').device('character', 'c', 5, 1);
  const upper = new TarBuilder()
    .hardlink('a2', 'a')
    .hardlink('e2', './e')
    .hardlink('s2', '/s')
    .hardlink('c2', 'c');
  await checkOut(store, await pull(store, lower.end(), upper.end()), rootfs);
  for (const name of ['a', 'e', 's', 'c']) {
    assert.equal(lstatSync(join(rootfs, name)).ino, lstatSync(join(rootfs, `${name}2`)).ino, name);
  }
});

test('a store on another file system is copied from, metadata and all', async (context) => {
  const { store, directory, rootfs } = scratchStore(context);
  const archive = new TarBuilder()
    .file('su', 'x', {
      mode: 0o4755,
      uid: 5,
      pax: { mtime: '1.5', 'SCHILY.xattr.security.capability': CAPABILITY },
    })
    .hardlink('su2', 'su')
    .end();
  const diffIds = await pull(store, archive);
  await checkOut(store, diffIds, rootfs);
  const mount = join(directory, 'other');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  try {
    await checkOut(store, diffIds, join(mount, 'rootfs'));
    const copy = look(join(mount, 'rootfs'));
    assert.equal(copy['/su'], look(rootfs)['/su']);
    assert.equal(copy['/su2'], copy['/su']);
    assert.equal(lstatSync(join(mount, 'rootfs/su')).nlink, 2);
    // One that does not fit is an error that leaves nothing.
    const big = await pull(store, new TarBuilder().file('big', Buffer.alloc(2_000_000)).end());
    await assert.rejects(() => checkOut(store, big, join(mount, 'full')), { code: 'no-space' });
    assert.equal(existsSync(join(mount, 'full')), false);
  } finally {
    execFileSync('umount', [mount]);
  }
});

test('names are kept byte for byte, below a root that is not ASCII too', async (context) => {
  const { store, directory } = scratchStore(context);
  const names = ['caf\xe9', '\xff\xfe', 'new\nline', '\xc3\xa9t\xc3\xa9', '__proto__', 'back\\slash'];
  const builder = new TarBuilder();
  for (const name of names) builder.file(`d\xe9/${name}`, name);
  const rootfs = join(directory, 'r\u00f6\u00f6t');
  await checkOut(store, await pull(store, builder.end()), rootfs);
  const parent = Buffer.concat([Buffer.from(`${rootfs}/`), Buffer.from('d\xe9', 'latin1')]);
  assert.deepEqual(readdirSync(parent, 'latin1').sort(), [...names].sort());
});

test('what directories inherit from where they are made does not come out', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const layer = new TarBuilder().directory('d/', { mode: 0o755 }).directory('d/e/', { mode: 0o700, gid: 7 });
  const diffIds = await pull(store, layer.end());
  const place = join(rootfs, '..', 'inherits');
  mkdirSync(place);
  chownSync(place, 0, 7);
  chmodSync(place, 0o2700);
  const umask = process.umask(0o027);
  try {
    await checkOut(store, diffIds, join(place, 'rootfs'));
  } finally {
    process.umask(umask);
  }
  const meta = (name: string) => {
    const { mode, gid } = lstatSync(join(place, 'rootfs', name));
    return [mode & 0o7777, gid];
  };
  assert.deepEqual(['', 'd', 'd/e'].map(meta), [
    [0o755, 0],
    [0o755, 0],
    [0o700, 7],
  ]);
});

test('a checkout that fails leaves nothing, names of any bytes included', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const diffIds = await pull(store, new TarBuilder().file('d\xff/\xfe', 'x').file('z', 'object').end());
  for (const name of readdirSync(store.objects, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isFile() && readFileSync(path, 'latin1') === 'object') rmSync(path);
  }
  await assert.rejects(() => checkOut(store, diffIds, rootfs), { code: 'io', message: /ENOENT/ });
  assert.equal(existsSync(rootfs), false);
});

test('a place that exists is refused and left as it is', async (context) => {
  const { store, rootfs } = scratchStore(context);
  const diffIds = await pull(store, new TarBuilder().file('a', 'a').end());
  mkdirSync(rootfs);
  writeFileSync(join(rootfs, 'mine'), '');
  await assert.rejects(() => checkOut(store, diffIds, rootfs), { code: 'io' });
  assert.deepEqual(readdirSync(rootfs), ['mine']);
});

test('no symlink of an image leads a write out of the checkout', async (context) => {
  const { store, directory, rootfs } = scratchStore(context);
  const canary = join(directory, 'canary');
  mkdirSync(canary);
  writeFileSync(join(canary, 'passwd'), 'untouched');
  const before = look(canary);
  const inside = (name: string) => new TarBuilder().symlink('out', name);
  for (const [index, target] of [canary, '../canary', `../../../../../../../../..${canary}`].entries()) {
    const lower = inside(target).symlink('file', `${canary}/passwd`).end();
    const upper = new TarBuilder()
      .file('out/new', 'x')
      .file('out/passwd', 'overwritten')
      .directory('out/', { mode: 0o777, uid: 1 })
      .file('out/.wh.passwd')
      .hardlink('out/link', 'file')
      .file('file', 'replaced')
      .end();
    const root = `${rootfs}${index}`;
    await checkOut(store, await pull(store, lower, upper), root);
    assert.equal(readFileSync(join(root, 'file'), 'utf8'), 'replaced');
    assert.equal(lstatSync(join(root, 'out')).isDirectory(), true);
  }
  assert.deepEqual(look(canary), before);
});

test("the host's security labels are not taken from an image", async (context) => {
  const { store, rootfs } = scratchStore(context);
  const pax = {
    'SCHILY.xattr.trusted.overlay.opaque': 'y',
    'SCHILY.xattr.system.nfs4_acl': 'x',
    'SCHILY.xattr.user.a': 'b',
  };
  await checkOut(
    store,
    await pull(store, new TarBuilder().file('f', 'x', { pax }).symlink('s', 't', { pax }).end()),
    rootfs,
  );
  assert.deepEqual(readXattrs(join(rootfs, 'f')), [['user.a', 'b']]);
  assert.equal(getXattr(join(rootfs, 'f'), 'trusted.overlay.opaque'), undefined);
  assert.deepEqual(readXattrs(join(rootfs, 's')), []);
});

/** A tree with one of everything, as GNU tar meets it on a disk. */
function makeTree(context: TestContext): string {
  const tree = join(scratch(context), 'tree');
  const script = `
    umask 022; mkdir -p "$1/a/${'deep-directory-name/'.repeat(8)}" && cd "$1"
    for i in 1 2 3 4 5 6 7 8 9; do head -c $((i * i * 40000)) /dev/urandom > file$i; done
    cp file1 su; chown 33:44 su; chmod 6755 su; ln file2 a/hard; ln -s ../file3 a/soft; ln -s '${'t'.repeat(150)}' long
    echo deep > a/${'deep-directory-name/'.repeat(8)}end; : > empty; mkfifo p; mknod c c 1 7; mknod b b 7 9
    cp file1 cap; setcap cap_net_raw+ep cap; printf x > "$(printf 'latin\\351')"; chown -h 70000:70001 a/soft
    touch -d '2001-02-03 04:05:06.123456789' file4; touch -hd '1999-01-01' long; chmod 1777 a; touch -d '2005-05-05' a .`;
  mkdirSync(tree);
  execFileSync('sh', ['-ec', script, 'sh', tree], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
  return tree;
}

for (const format of ['gnu', 'pax', 'ustar']) {
  test(`what GNU tar packs as ${format} comes out the same`, async (context) => {
    const tree = makeTree(context);
    const xattrs = format === 'pax' ? ['--xattrs', '--xattrs-include=*'] : [];
    const args = [`--format=${format}`, ...xattrs, '--numeric-owner', '-C', tree, '-cf', '-', '.'];
    // ustar has no room for a target of 150 bytes.
    const kept = format === 'ustar' ? ['--exclude=./long', ...args] : args;
    const archive = execFileSync('tar', kept, { maxBuffer: 1 << 26 });
    const { store, rootfs } = scratchStore(context);
    await checkOut(store, await pull(store, archive), rootfs);
    const comparable = (root: string) => {
      const found = look(root);
      if (format === 'ustar') delete found['/long'];
      if (format === 'pax') return found;
      // Only PAX has fractions of a second and xattrs.
      const rough = (text: string) => text.replace(/(\d{9}) /, '000000000 ').replace(/ \[.*/s, '');
      return Object.fromEntries(Object.entries(found).map(([name, text]) => [name, rough(text)]));
    };
    assert.deepEqual(comparable(rootfs), comparable(tree));
    assert.equal(lstatSync(join(rootfs, 'file2')).ino, lstatSync(join(rootfs, 'a/hard')).ino);
  });
}

test('what another store lends is neither fetched nor written nor linked', async (context) => {
  const { store: lender, directory, rootfs } = scratchStore(context);
  const base = layerOf(new TarBuilder().file('lent', 'as it is').end());
  const other = layerOf(new TarBuilder().file('other', 'as it was').end());
  const top = layerOf(new TarBuilder().file('own', 'new').end());
  const lent = await pullImage(lender, new FakeSource([base, other]), { platform });
  writeFileSync(lender.layer(lent.diffIds[1] ?? assert.fail()), 'damaged');
  const before = look(lender.directory);
  const store = createStore(join(directory, 'scratch'), lender);
  const source = new FakeSource([base, other, top]);
  const { diffIds } = await pullImage(store, source, { platform });
  assert.deepEqual(source.fetched, [other.descriptor.digest, top.descriptor.digest]);
  await checkOut(store, diffIds, rootfs);
  assert.equal(readFileSync(join(rootfs, 'lent'), 'utf8'), 'as it is');
  assert.deepEqual(look(lender.directory), before);
  for (const [name, links] of [
    ['lent', 1],
    ['other', 2],
    ['own', 2],
  ] as const) {
    assert.equal(lstatSync(join(rootfs, name)).nlink, links, name);
  }
});
