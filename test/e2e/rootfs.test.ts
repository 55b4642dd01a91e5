import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { base } from '../images/base/recipe.ts';
import { imageDirectory } from '../images/cache.ts';
import { readyNotify } from '../images/ready/recipe.ts';
import { assertFailure, leavesNothing, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

// A service that says what it runs on, and when it is ready; where there is a file /bad, it does not stay.
const SERVE = `#!/usr/bin/perl
use Socket;
$SIG{TERM} = sub { exit 0 };
open my $version, '<', '/version' or die;
print "this is ", <$version>;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die;
defined send($socket, "READY=1", 0, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die;
sleep 1;
die "bad root\\n" if -e '/bad';
sleep 1 while 1;
`;
const ROOTS = '/srv/roots';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  const layout = join(await imageDirectory(base), 'layout');
  await host.sh(
    `mkdir -p ${ROOTS} /tmp/bundle
     umoci unpack --image '${layout}:base' /tmp/bundle/it
     mv /tmp/bundle/it/rootfs ${ROOTS}/one; rm -r /tmp/bundle
     cd ${ROOTS}/one; echo one >version; touch etc/hosts etc/resolv.conf
     cat >usr/local/bin/serve; chmod 755 usr/local/bin/serve
     mkdir -p exports/hostfs/usr/local/bin; echo 'echo one' >exports/hostfs/usr/local/bin/webctl
     chmod 755 exports/hostfs/usr/local/bin/webctl`,
    { input: SERVE },
  );
  cpSync(join(readyNotify.folder, 'exports/exports'), host.path(`${ROOTS}/one/exports`), { recursive: true });
  await host.sh(
    `cd ${ROOTS}; cp -al one two; rm -r two/version two/exports; cp -a one/exports two
     echo two >two/version; echo 'echo two' >two/exports/hostfs/usr/local/bin/webctl
     cp -al two bad; touch bad/bad; ln -s one live`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);
const show = (property: string) => host.sh(`systemctl show --value --property ${property} web`);

/** What the running service has for its root, by its own files. */
async function running(): Promise<string> {
  assert.equal(await show('ActiveState'), 'active');
  return await host.sh('cat /proc/$(systemctl show --value --property MainPID web)/root/version');
}

/** All of the root file systems: names, owners, modes, times of change, links, and every byte. */
async function everything(): Promise<string> {
  return await host.sh(
    `cd ${ROOTS}; find . -printf '%p %y %m %U:%G %s %l %T@ %C@\\n' | sort
     find . -type f -print0 | sort -z | xargs -0 cat | sha256sum`,
  );
}

async function history(): Promise<string[]> {
  const { stdout } = await berth('history', '--json', 'web');
  const entries = JSON.parse(stdout) as { number: number; state: string; rootfs: string }[];
  return entries.map(({ number, state, rootfs }) => `${number} ${state} ${rootfs}`);
}

test('a service runs on a root file system that berth leaves as it is, from install to uninstall', async () => {
  const before = await everything();
  const options = ['--name', 'web', '--rootfs', `${ROOTS}/live`];
  const dry = await berth('install', '--dry-run', ...options, '--', '/usr/local/bin/serve');
  assert.match(dry.stdout, /^create {3}\/usr\/local\/bin\/webctl$/m);
  await berth('install', '--now', ...options, '--', '/usr/local/bin/serve');
  assert.equal(await running(), 'one');
  assert.equal(await host.sh('webctl'), 'one');
  assert.equal(await show('RequiresMountsFor'), `${ROOTS}/one`);
  assert.equal(await host.sh('readlink /var/lib/berth/deployments/web/current/rootfs'), `${ROOTS}/one`);

  const [service] = JSON.parse((await berth('list', '--json')).stdout);
  assert.equal(service.image, `rootfs:${ROOTS}/live`);
  assert.equal(service.rootfs, `${ROOTS}/one`);
  assert.match((await berth('list')).stdout, /rootfs:\/srv\/roots\/live on \/srv\/roots\/one /);
  assert.match((await berth('status', 'web')).stdout, /^ {2}runs on {3}\/srv\/roots\/one$/m);
  assert.match((await berth('verify')).stderr, /^not compared: \/srv\/roots\/one: /m);
  assert.equal((await berth('images')).stdout.includes('roots'), false);
  assertFailure(await host.berth('push', 'web', 'oci:/tmp/web'), {
    status: 4,
    says: /^Error: made of no image: web: rootfs:\/srv\/roots\/live$/m,
  });
  await berth('fsck');
  await berth('prune', '--all');
  await berth('verify');
  assert.match((await berth('install', ...options)).stderr, /^web: already installed/m);
  assert.match((await berth('update', 'web')).stderr, /^web: up to date \(rootfs:\/srv\/roots\/live, /m);

  await berth('uninstall', '--purge', 'web');
  assert.equal(await everything(), before);
  assert.equal(await host.sh('ls /usr/local/bin/webctl 2>/dev/null || true'), '');
});

test('an update follows the symlink, one that fails goes back, and a rollback does', async () => {
  await berth(
    ...['install', '--now', '--name', 'web', '--rootfs', `${ROOTS}/live`],
    '--',
    '/usr/local/bin/serve',
  );
  await host.sh(`ln -sfn two ${ROOTS}/live`);
  const dry = await berth('update', '--dry-run', 'web');
  assert.match(
    dry.stdout,
    /deployment 0 \([0-9a-f]{12}, \/srv\/roots\/one\) → deployment 1 \(.*\/srv\/roots\/two\)$/m,
  );
  await berth('update', '--soak', '2s', 'web');
  assert.equal(await running(), 'two');
  assert.equal(await host.sh('webctl'), 'two');
  assert.deepEqual(await history(), [`1 current ${ROOTS}/two`, `0 previous ${ROOTS}/one`]);

  const failed = await host.berth('update', '--rootfs', `${ROOTS}/bad`, 'web');
  assertFailure(failed, {
    status: 1,
    says: /^Error: cannot update web: did not stay up: web\.service: /m,
  });
  assert.equal(await running(), 'two');
  assert.deepEqual(await history(), [
    `null failed ${ROOTS}/bad`,
    `1 current ${ROOTS}/two`,
    `0 previous ${ROOTS}/one`,
  ]);
  await berth('verify');

  await berth('rollback', 'web');
  assert.equal(await running(), 'one');
  assert.equal(await host.sh('webctl'), 'one');
  assert.match((await berth('update', '--all')).stderr, /^web: skipped .*a person went back from it$/m);
  await berth('rollback', 'web');
  assert.equal(await running(), 'two');

  await host.sh(`mv ${ROOTS}/one ${ROOTS}/away`);
  assertFailure(await host.berth('rollback', 'web'), {
    status: 1,
    says: /^Error: .*\/srv\/roots\/one: it is not there$/m,
  });
  assert.equal(await running(), 'two');
  const verify = await host.berth('verify', 'web');
  assert.equal(verify.exitCode, 1);
  assert.match(verify.stdout, /^\/srv\/roots\/one: .*it is not there$/m);
  await host.sh(`mv ${ROOTS}/away ${ROOTS}/one; ln -sfn one ${ROOTS}/live`);
  await berth('uninstall', 'web');
});

test('an image gives exports and config, the root file system all that runs', async () => {
  await pushImage(host, 'web', {
    files: { version: 'image', 'exports/hostfs/usr/local/bin/webctl': 'echo image' },
    config: {
      Cmd: ['/usr/bin/perl', '-e', '$SIG{TERM} = sub { exit 0 }; sleep 1 while 1'],
      Volumes: { '/srv': {} },
    },
  });
  // Where the service keeps its own things, even.
  await host.sh(`mkdir -p /var/lib/web; cp -al ${ROOTS}/one /var/lib/web/root`);
  await berth('install', '--now', '--rootfs', '/var/lib/web/root', 'web');
  assert.equal(await running(), 'one');
  assert.equal(await host.sh('cat /usr/local/bin/webctl'), 'echo image');
  await berth('update', '--soak', '0', '--rootfs', `${ROOTS}/two`, 'web');
  assert.equal(await running(), 'two');
  await berth('rollback', 'web');
  assert.equal(await running(), 'one');
  await berth('verify');
  await berth('uninstall', '--purge', 'web');
  assert.equal(await host.sh('test ! -e /var/lib/web/srv; cat /var/lib/web/root/version'), 'one');
  await host.sh('rm -r /var/lib/web');
});

test('what is no root file system for a service is refused, and nothing changes', async () => {
  await host.sh(
    `cd ${ROOTS}; mkdir -p lacking bundle/rootfs open; touch bundle/config.json; chmod 777 open
     mkdir -m 1777 shared; mkdir theirs; chown 1000 theirs; ln -s ${ROOTS}/one shared/link`,
  );
  const cases: [string, RegExp, number?][] = [
    ['/srv/nowhere', /it is not there/],
    ['/etc/passwd', /not a directory/],
    ['srv/roots/one', /not a plain absolute path/, 2],
    ['/srv/../srv/roots/one', /not a plain absolute path/, 2],
    ['/', /belongs to berth/],
    ['/var', /belongs to berth/],
    ['/var/lib/berth/store', /belongs to berth/],
    ['/proc/1', /the kernel's/],
    [`${ROOTS}/open`, /others than root can change \/srv\/roots\/open/],
    [`${ROOTS}/theirs`, /others than root can change \/srv\/roots\/theirs/],
    [`${ROOTS}/shared/link`, /others than root can change \/srv\/roots\/shared/],
    [`${ROOTS}/bundle`, /it is a bundle/],
    [`${ROOTS}/lacking`, /lacks the mount points \/proc, /],
  ];
  await leavesNothing(host, async () => {
    for (const [directory, says, status = 1] of cases) {
      const result = await host.berth(
        ...['install', '--name', 'web', '--rootfs', directory],
        '--',
        '/bin/true',
      );
      assertFailure(result, { status, says });
    }
    assertFailure(await host.berth('install', '--name', 'web', '--rootfs', `${ROOTS}/bundle/rootfs`), {
      status: 1,
      says: /nothing says what runs/,
    });
  });
});

test('the hint makes the mount points that are missing, and the service then runs', async () => {
  await host.sh(
    `cp -a ${ROOTS}/two '${ROOTS}/odd 100% $name'; rm -r '${ROOTS}/odd 100% $name/'{proc,etc/hosts}`,
  );
  const args = [
    'install',
    '--name',
    'web',
    '--now',
    '--rootfs',
    `${ROOTS}/odd 100% $name`,
    '--',
    '/usr/local/bin/serve',
  ];
  const { stderr } = await host.berth(...args);
  assert.match(stderr, /lacks the mount points \/proc, \/etc\/hosts$/m);
  await host.sh(/^Hint: (.*)$/m.exec(stderr)?.[1] ?? 'false');
  await berth(...args);
  assert.equal(await running(), 'two');
  await berth('uninstall', '--purge', 'web');
});

test('after a reboot without berth, the service starts on its root file system', async () => {
  await berth(...['install', '--name', 'web', '--rootfs', `${ROOTS}/two`], '--', '/usr/local/bin/serve');
  await host.removePrograms();
  await host.reboot();
  assert.equal(await running(), 'two');
});
