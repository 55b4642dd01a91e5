import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, leavesNothing, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  // In memory, nothing would have devices and setuid anyway.
  host = await Host.boot({ registry: true, storeMiB: 1024 });
  await succeed(host, 'install', 'sleeper');
  await host.sh('mkdir -p /srv/look /srv/other');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const CHECKOUT = '/var/lib/berth/deployments/sleeper/current/rootfs';

/** What mounts need for themselves: directories, and what is mounted in them. */
async function kept(): Promise<string> {
  return await host.sh(
    'ls /var/lib/berth/mounts 2>/dev/null || true; findmnt --raw --noheadings --output TARGET | grep berth/mounts || true',
  );
}

async function mounts(): Promise<Record<string, unknown>[]> {
  return JSON.parse((await succeed(host, 'mount', '--json')).stdout);
}

test('a service is shown as it lies on the disk, read-only, and nothing is left of it', async () => {
  await leavesNothing(host, async () => {
    await host.sh(`touch --reference ${CHECKOUT} /run/time; touch ${CHECKOUT}/added`);
    const { stdout, stderr } = await succeed(host, 'mount', 'sleeper', '/srv/look');
    assert.equal(stdout, '');
    assert.match(stderr, /sleeper: mounted on \/srv\/look, read-only/);
    assert.equal(await host.sh(`diff -r --no-dereference ${CHECKOUT} /srv/look && echo same`), 'same');
    assert.match(await host.sh('findmnt -no OPTIONS /srv/look'), /^ro,nosuid,nodev/);
    const refused = await host.run('touch', ['/srv/look/tmp/x']);
    assert.match(refused.stderr, /Read-only file system/);
    await host.sh('mount -t tmpfs tmpfs /srv/look/mnt');
    assert.match(await kept(), /^berth-mount-\w+$/);
    await host.sh('umount /srv/look/mnt');

    const [listed, ...others] = await mounts();
    assert.deepEqual(others, []);
    assert.match(String(listed?.['image']), /\/sleeper:latest$/);
    assert.match(String(listed?.['digest']), /^sha256:/);
    assert.deepEqual(
      { ...listed, image: '', digest: '' },
      { directory: '/srv/look', service: 'sleeper', image: '', digest: '', writable: false, work: null },
    );
    const [header, row] = (await succeed(host, 'mount')).stdout.split('\n');
    assert.match(header ?? '', /^DIRECTORY +NAME +DIGEST +KIND$/);
    assert.match(row ?? '', /^\/srv\/look +sleeper +[0-9a-f]{12} +read-only$/);

    await succeed(host, 'umount', '/srv/look');
    assert.equal(await kept(), '');
    assert.deepEqual(await mounts(), []);
    await host.sh(`rm ${CHECKOUT}/added; touch --reference /run/time ${CHECKOUT}; rm /run/time`);
  });
});

test('what is mounted stays while its service and its image go', async () => {
  await succeed(host, 'install', '--name', 'leaving', 'httpd-plain');
  await succeed(host, 'mount', 'leaving', '/srv/look');
  const sum = () =>
    host.sh('cd /srv/look && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum');
  const before = await sum();
  await succeed(host, 'uninstall', 'leaving');
  await succeed(host, 'prune', '--all');
  assert.equal(await sum(), before);
  await succeed(host, 'umount', '/srv/look');
  assert.equal(await kept(), '');
});

test('an image needs no service, and need not have been pulled', async () => {
  await succeed(host, 'mount', 'base', '/srv/look');
  assert.match((await succeed(host, 'images')).stdout, /\/base:latest/);
  await succeed(host, 'mount', 'base', '/srv/other');
  assert.equal(await host.sh('head -c 4 /srv/other/etc/passwd'), 'root');
  assert.deepEqual(
    (await mounts()).map(({ directory, service }) => ({ directory, service })),
    [
      { directory: '/srv/look', service: null },
      { directory: '/srv/other', service: null },
    ],
  );
  await succeed(host, 'umount', '/srv/look', '/srv/other');
  assert.equal(await kept(), '');
});

test('a root file system that is not berth’s is shown where it lies, and is left alone', async () => {
  await succeed(host, 'mount', 'base', '/srv/look');
  await host.sh('mkdir /srv/roots; cp -a /srv/look /srv/roots/web; touch /srv/roots/web/etc/hosts');
  await succeed(host, 'umount', '/srv/look');
  await succeed(
    host,
    'install',
    '--name',
    'site',
    '--rootfs',
    '/srv/roots/web',
    '--',
    '/bin/sleep',
    'infinity',
  );
  await succeed(host, 'mount', 'site', '/srv/look');
  assert.equal(await host.sh('touch /srv/roots/web/tmp/new; ls /srv/look/tmp'), 'new');
  assert.equal((await mounts())[0]?.['service'], 'site');
  await host.sh('umount /srv/look');
  await succeed(host, 'uninstall', 'site');
  assert.equal(await kept(), '');
  assert.equal(await host.sh('ls /srv/roots/web/tmp; rm -r /srv/roots'), 'new');
});

test('with --live, files can be changed, and no change is left, however it is unmounted', async () => {
  for (const unmount of ['berth umount /srv/look', 'umount /srv/look && berth recover']) {
    await leavesNothing(host, async () => {
      const { stderr } = await succeed(host, 'mount', '--live', 'sleeper', '/srv/look');
      assert.match(stderr, /live, in memory/);
      const mode = await host.sh(`stat -c '%a %u' ${CHECKOUT}`);
      assert.equal(await host.sh(`stat -c '%a %u' /srv/look`), mode);
      await host.sh('echo changed >>/srv/look/etc/passwd; rm -r /srv/look/usr; echo new >/srv/look/new');
      assert.doesNotMatch(await host.sh(`cat ${CHECKOUT}/etc/passwd`), /changed/);
      await host.sh(`test -d ${CHECKOUT}/usr; ${unmount}`);
      assert.equal(await kept(), '');
      await succeed(host, 'verify', 'sleeper');
    });
  }
});

test('with --work, changes stay in the directory of the person', async () => {
  // The root of the throwaway host is an overlay itself, which can be nothing's upper one.
  await host.sh('mkdir -p "/run/work,: 1"');
  const work = '/run/work,: 1';
  await succeed(host, 'mount', '--work', work, 'sleeper', '/srv/look');
  await host.sh('echo kept >/srv/look/new');
  assert.equal((await mounts())[0]?.['work'], work);
  assert.match(
    (await succeed(host, 'umount', '/srv/look')).stderr,
    /what was written is in \/run\/work,: 1\/upper/,
  );
  assert.equal(await host.sh(`cat '${work}/upper/new'`), 'kept');
  await succeed(host, 'mount', '--work', work, 'sleeper', '/srv/look');
  assert.equal(await host.sh('cat /srv/look/new'), 'kept');
  const second = await host.berth('mount', '--work', work, 'sleeper', '/srv/other');
  const says = /in use by the mount on \/srv\/look: --work/;
  assertFailure(second, { status: 2, says, hint: /berth umount \/srv\/look$/m });
  await succeed(host, 'umount', '/srv/look');
  await host.sh(`rm -r '${work}'`);
});

test('whoever owns the directory above cannot put another in the place of that of --work', async () => {
  await host.sh(
    'mkdir -p /run/home/work /run/home/evil/work /run/victim; ln -s /run/victim /run/home/evil/upper',
  );
  // It has been looked at when berth begins to wait, as it would while it pulls.
  await host.sh(`flock --close /var/lib/berth/lock sh -c '
    berth mount --work /run/home/work sleeper /srv/look 2>/run/said & echo $! >/run/pid
    until grep -q waiting /run/said; do sleep 0.05; done
    mv /run/home/work /run/home/moved; mv /run/home/evil /run/home/work'
    while test -e /proc/$(cat /run/pid); do sleep 0.05; done
    touch /srv/look/written`);
  assert.equal(await host.sh('ls /run/victim; ls /run/home/moved/upper'), 'written');
  await host.sh('umount /srv/look; rm -r /run/home /run/victim /run/said /run/pid');
  await succeed(host, 'recover');
});

test('a directory is refused that a mount would do harm to', async () => {
  await host.sh(`mkdir -p /srv/full/x /srv/open; chmod 777 /srv/open; ln -sfn /var/lib/berth/deployments/sleeper /srv/link
    mkdir -p /var/lib/berth/empty; ln -sfn /var/lib/berth/empty /srv/inside`);
  const refuses = async (args: string[], status: number, says: RegExp, hint?: RegExp) =>
    assertFailure(await host.berth('mount', ...args), { status, says, ...(hint && { hint }) });
  await refuses(
    ['sleeper', '/srv/full'],
    1,
    /cannot mount: \/srv\/full: it is not empty/,
    /ls -la \/srv\/full/,
  );
  await refuses(['sleeper', '/srv/none'], 2, /no such directory/, /mkdir \/srv\/none/);
  await refuses(['sleeper', '/etc/passwd'], 2, /not a directory/);
  await refuses(['sleeper', '/var/lib/berth/empty'], 2, /\/var\/lib\/berth belongs to berth/);
  await refuses(['sleeper', '/srv/inside'], 2, /\/var\/lib\/berth belongs to berth/);
  await host.sh('mkdir -p /srv/root/var/lib/berth/store; ln -sfn root /srv/alias');
  assertFailure(
    await host.berth('--root', '/srv/alias', 'mount', 'sleeper', '/srv/root/var/lib/berth/store'),
    {
      status: 2,
      says: /\/srv\/alias\/var\/lib\/berth belongs to berth/,
    },
  );
  await refuses(
    ['--work', '/srv/open', 'sleeper', '/srv/look'],
    2,
    /others than root can change it/,
    /chmod go-w/,
  );
  await refuses(
    ['--work', '/srv/none', 'sleeper', '/srv/look'],
    2,
    /not a directory: --work/,
    /mkdir -m 700/,
  );
  await host.sh('mkdir -p /srv/overlay');
  await refuses(
    ['--work', '/srv/overlay', 'sleeper', '/srv/look'],
    1,
    /its file system cannot keep the changes of an overlay/,
    /findmnt --target \/srv\/overlay/,
  );
  await refuses(['sleeper'], 2, /no directory is named/, /berth mount sleeper \/mnt$/m);
  await refuses(['no-such-image', '/srv/look'], 4, /no-such-image/);
  assert.equal(await kept(), '');
  await host.sh(
    'rmdir /var/lib/berth/empty; rm -r /srv/full /srv/open /srv/overlay /srv/link /srv/inside /srv/root /srv/alias',
  );
});

test('what is mounted stays when a directory above it gets another name', async () => {
  await host.sh('mkdir -p /srv/above/look');
  for (const options of [[], ['--live']]) {
    await succeed(host, 'mount', ...options, 'sleeper', '/srv/above/look');
    await host.sh('mv /srv/above /srv/renamed; berth recover 2>/dev/null');
    assert.equal(await host.sh('head -c 4 /srv/renamed/look/etc/passwd'), 'root');
    assert.deepEqual(
      (await mounts()).map(({ directory }) => directory),
      ['/srv/renamed/look'],
    );
    await succeed(host, 'umount', '/srv/renamed/look');
    assert.equal(await kept(), '');
    await host.sh('mv /srv/renamed /srv/above');
  }
  await host.sh('rm -r /srv/above');
});

test('whoever owns the directory above cannot lead umount to another mount', async () => {
  await host.sh('mkdir -p /srv/above/look /srv/victim/look; mount -t tmpfs tmpfs /srv/victim/look');
  await succeed(host, 'mount', 'sleeper', '/srv/above/look');
  await host.sh(`strace -f -o /run/trace -e trace=umount2 -e inject=umount2:delay_enter=5000000 \
      berth umount /srv/above/look 2>/dev/null & berth=$!
    until grep -q umount2 /run/trace 2>/dev/null; do sleep 0.05; done
    mv /srv/above /srv/moved; ln -s victim /srv/above; wait $berth`);
  assert.equal(await host.sh('findmnt -no TARGET /srv/victim/look; ls /srv/moved/look'), '/srv/victim/look');
  assert.equal(await kept(), '');
  await host.sh('umount /srv/victim/look; rm -r /srv/above /srv/moved /srv/victim /run/trace');
});

test('umount ends only what berth mounted, and says who uses it', async () => {
  await host.sh('mount -t tmpfs tmpfs /srv/other');
  for (const directory of ['/srv/other', '/srv/look', '/srv/none']) {
    const refused = await host.berth('umount', directory);
    assertFailure(refused, { status: 4, says: /not mounted by berth/, hint: /berth mount$/m });
  }
  await succeed(host, 'mount', 'sleeper', '/srv/look');
  await host.sh('cd /srv/look; sleep 600 >/dev/null 2>&1 </dev/null & echo $! >/run/user.pid');
  const busy = await host.berth('umount', '/srv/look');
  assertFailure(busy, { status: 1, says: /something uses it/, hint: /fuser -vm \/srv\/look/ });
  assert.equal((await mounts()).length, 1);
  await host.sh('kill $(cat /run/user.pid); rm /run/user.pid; ln -s look /srv/name');
  // Something over it is not berth's.
  await host.sh('mount -t tmpfs tmpfs /srv/look');
  assertFailure(await host.berth('umount', '/srv/look'), { status: 4, says: /not mounted by berth/ });
  await host.sh('umount /srv/look');
  await succeed(host, 'umount', '/srv/name');
  await host.sh('umount /srv/other; rm /srv/name');
  assert.equal(await kept(), '');
});

test('what a killed mount left is freed by the next command that writes', async () => {
  const kill = async (call: string, when: number, ...options: string[]) =>
    await host.run('strace', [
      ...['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${when}`],
      ...['berth', 'mount', ...options, 'sleeper', '/srv/look'],
    ]);
  const moments = [
    ...[1, 2, 3, 4].map((when) => ['mount', when] as const),
    ['umount2', 1] as const,
    ['mount', 1, '--live'] as const,
    ['mount', 2, '--live'] as const,
    ['umount2', 1, '--live'] as const,
  ];
  for (const [call, when, ...options] of moments) {
    const what = `${call} ${when} ${options.join(' ')}`;
    const killed = await kill(call, when, ...options);
    assert.equal(killed.exitCode, 137, `${what}: ${killed.combined}`);
    await succeed(host, 'recover');
    const left = await mounts();
    // Mounted or not: what is there is whole.
    if (left.length === 0) assert.equal(await kept(), '', what);
    else {
      assert.equal(await host.sh('head -c 4 /srv/look/etc/passwd'), 'root', what);
      assert.doesNotMatch(await kept(), /hidden/, what);
      await succeed(host, 'umount', '/srv/look');
      assert.equal(await kept(), '', what);
    }
  }
  assert.equal(await host.sh('ls /srv/look'), '');
});

test('a mount in a namespace of its own stays until that ends', async () => {
  const said = await host.sh(`unshare --mount sh -ec '
    berth mount sleeper /srv/look 2>/dev/null
    nsenter --mount --target 1 berth recover
    nsenter --mount --target 1 berth mount --json
    head -c 4 /srv/look/etc/passwd'`);
  assert.equal(said, '[]\nroot');
  assert.notEqual(await kept(), '');
  await succeed(host, 'recover');
  assert.equal(await kept(), '');
});

test('after a boot, nothing is mounted, and the next command that writes frees the rest', async () => {
  await succeed(host, 'mount', 'sleeper', '/srv/look');
  await host.reboot();
  assert.deepEqual(await mounts(), []);
  assert.match(await kept(), /^berth-mount-/);
  const told = await host.berth('doctor');
  assert.match(told.stdout, /^leftovers +problem +mounted no longer: \/var\/lib\/berth\/mounts\//m);
  assert.match(told.stderr, /berth recover/);
  await succeed(host, 'recover');
  assert.equal(await kept(), '');
});

test('a word that names neither a service nor a registry is answered for both', async () => {
  const { stdout } = await host.run('bash', [
    '-c',
    `cd /etc/containers; mv registries.conf kept; berth mount sleper /srv/look 2>&1; mv kept registries.conf`,
  ]);
  assert.match(
    stdout,
    /^Error: no such service, and no registry to look in: sleper: .*\nHint: of services: berth list; /,
  );
});
