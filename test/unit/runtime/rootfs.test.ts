import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findImageUser } from '../../../src/runtime/image-user.ts';
import { listMountPoints, makeMountPoints } from '../../../src/runtime/mount-points.ts';
import { resolveInRootfs } from '../../../src/runtime/rootfs-path.ts';

/** A rootfs beside a directory that nothing may reach. */
function makeRootfs(): { rootfs: string; outside: string } & Disposable {
  const top = mkdtempSync(join(tmpdir(), 'berth-rootfs-'));
  const [rootfs, outside] = [join(top, 'rootfs'), join(top, 'outside')];
  mkdirSync(join(rootfs, 'etc'), { recursive: true });
  mkdirSync(outside);
  return { rootfs, outside, [Symbol.dispose]: () => rmSync(top, { recursive: true }) };
}

test('symlinks are followed inside the rootfs, never outside', () => {
  using lab = makeRootfs();
  const { rootfs } = lab;
  symlinkSync('/etc', join(rootfs, 'absolute'));
  symlinkSync('../../../outside', join(rootfs, 'relative'));
  symlinkSync('loop', join(rootfs, 'loop'));
  symlinkSync('/etc', join(rootfs, 'etc/back'));
  writeFileSync(join(rootfs, 'file'), '');
  assert.deepEqual(resolveInRootfs(rootfs, '/absolute/x'), {
    path: join(rootfs, 'etc/x'),
    type: 'missing',
  });
  assert.deepEqual(resolveInRootfs(rootfs, '/relative'), {
    path: join(rootfs, 'outside'),
    type: 'missing',
  });
  assert.equal(resolveInRootfs(rootfs, '/etc/back/back/x').path, join(rootfs, 'etc/x'));
  assert.equal(resolveInRootfs(rootfs, '/no/no/..').type, 'missing');
  assert.equal(resolveInRootfs(rootfs, '/no/../etc').type, 'directory');
  assert.deepEqual(resolveInRootfs(rootfs, '/../../etc'), {
    path: join(rootfs, 'etc'),
    type: 'directory',
  });
  assert.deepEqual(resolveInRootfs(rootfs, '/'), { path: rootfs, type: 'directory' });
  assert.throws(() => resolveInRootfs(rootfs, '/loop'), { code: 'runtime-config-invalid' });
  assert.throws(() => resolveInRootfs(rootfs, '/file/x'), { code: 'runtime-config-invalid' });
});

test("a user's names are looked up in the image", async () => {
  using lab = makeRootfs();
  const { rootfs } = lab;
  writeFileSync(
    join(rootfs, 'etc/passwd'),
    'broken\nroot:x:0:0::/root:/bin/sh\nweb:x:33:34::/var/www:/bin/false\n77:x:5:6::/:\n',
  );
  writeFileSync(
    join(rootfs, 'etc/group'),
    'web:x:34:web\nlogs:x:90:a,web\nmore:x:91:web,b\nother:x:92:webber\n',
  );
  const web = { uid: 33, home: '/var/www' };
  assert.deepEqual(await findImageUser(rootfs, ''), { uid: 0, gid: 0, home: '/root', additionalGids: [] });
  assert.deepEqual(await findImageUser(rootfs, 'web'), { ...web, gid: 34, additionalGids: [90, 91] });
  assert.deepEqual(await findImageUser(rootfs, '33'), { ...web, gid: 34, additionalGids: [90, 91] });
  assert.deepEqual(await findImageUser(rootfs, 'web:logs'), { ...web, gid: 90, additionalGids: [] });
  assert.deepEqual(await findImageUser(rootfs, '33:7'), { ...web, gid: 7, additionalGids: [] });
  assert.deepEqual(await findImageUser(rootfs, '4000'), {
    uid: 4000,
    gid: 0,
    home: undefined,
    additionalGids: [],
  });
  assert.equal((await findImageUser(rootfs, '77')).uid, 5);
  for (const user of ['nobody', '-1', '4294967295', 'web:nogroup', '1.5', ':']) {
    const found = findImageUser(rootfs, user);
    if (user === ':') assert.equal((await found).uid, 0);
    else await assert.rejects(found, { code: 'image-config-invalid' }, user);
  }
});

test("the host's users are not the image's", async () => {
  using lab = makeRootfs();
  const { rootfs, outside } = lab;
  writeFileSync(join(outside, 'passwd'), 'host:x:1:1::/:\n');
  for (const target of ['../../outside/passwd', join(outside, 'passwd')]) {
    rmSync(join(rootfs, 'etc/passwd'), { force: true });
    symlinkSync(target, join(rootfs, 'etc/passwd'));
    await assert.rejects(findImageUser(rootfs, 'host'), { code: 'image-config-invalid' });
  }
});

const config = (cwd: string, ...mounts: { destination: string; type?: string; source?: string }[]) => ({
  ociVersion: '1.0.2',
  root: { path: 'rootfs', readonly: true },
  process: { args: ['x'], cwd },
  mounts,
});

test('mount points that the image lacks are made, those below other mounts are not', async () => {
  using lab = makeRootfs();
  const { rootfs, outside } = lab;
  writeFileSync(join(outside, 'hosts'), 'x');
  symlinkSync('../run/resolv.conf', join(rootfs, 'etc/resolv.conf'));
  symlinkSync(outside, join(rootfs, 'data'));
  const wanted = config(
    '/srv/app',
    { destination: '/dev', type: 'tmpfs' },
    { destination: '/dev/pts', type: 'devpts' },
    { destination: '/etc/hosts', type: 'bind', source: join(outside, 'hosts') },
    { destination: '/etc/resolv.conf', type: 'bind', source: join(outside, 'hosts') },
    { destination: '/data/x', type: 'bind', source: outside },
  );
  const isFile = async (source: string) => statSync(source).isFile();
  const made = await makeMountPoints(rootfs, await listMountPoints(wanted, isFile));
  const behindLink = outside.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'));
  assert.deepEqual(made, [
    '/dev',
    '/etc/hosts',
    '/run',
    '/run/resolv.conf',
    ...behindLink.slice(1),
    `${outside}/x`,
    '/srv',
    '/srv/app',
  ]);
  assert.equal(existsSync(join(outside, 'x')), false);
  assert.equal(statSync(join(rootfs, 'etc/hosts')).mode & 0o777, 0o644);
  assert.deepEqual(await makeMountPoints(rootfs, await listMountPoints(wanted, isFile)), []);
});

test('a symlink at /dev, /proc or /sys of the image is refused', async () => {
  using lab = makeRootfs();
  const { rootfs } = lab;
  symlinkSync('etc', join(rootfs, 'dev'));
  const points = [{ path: '/dev', type: 'directory' as const }];
  await assert.rejects(makeMountPoints(rootfs, points), {
    code: 'runtime-config-invalid',
    message: /symbolic link/,
  });
});

test('a mount point or working directory that a symlink leads into /proc, /sys or /dev is refused', async () => {
  using lab = makeRootfs();
  const { rootfs } = lab;
  symlinkSync('/proc/self/fd/7', join(rootfs, 'work'));
  symlinkSync('../sys/fs/cgroup', join(rootfs, 'etc/cgroup'));
  for (const path of ['/work', '/work/x', '/etc/cgroup/x']) {
    const points = await listMountPoints(config(path), async () => false);
    await assert.rejects(makeMountPoints(rootfs, points), { code: 'runtime-config-invalid' }, path);
  }
  assert.equal(existsSync(join(rootfs, 'proc')), false);
});

test('a file in the place of a directory is refused', async () => {
  using lab = makeRootfs();
  const { rootfs } = lab;
  writeFileSync(join(rootfs, 'run'), '');
  const points = [{ path: '/run', type: 'directory' as const }];
  await assert.rejects(makeMountPoints(rootfs, points), { code: 'runtime-config-invalid', message: /\/run/ });
});
