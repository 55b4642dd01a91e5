import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';
import { stateOfHost } from './state-of-host.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

/** Pushes an image that is only files for the host, each with its version as content. */
async function pushTool(version: string, ...paths: string[]): Promise<void> {
  const files = paths.map((path) => [`exports/hostfs${path}`, `${version}\n`]);
  await pushImage(host, 'tool', {
    files: {
      'exports/manifest.json': '{"version": "1.0", "noContainerService": true}',
      'exports/tmpfiles.template': 'd /var/lib/tool 0700 root root -\n',
      ...Object.fromEntries(files),
    },
  });
}

async function pushSleeper(version: string): Promise<void> {
  await pushImage(host, 'nap', { from: 'sleeper', files: { version } });
}

const TOOL = ['/usr/local/bin/tool', '/etc/tool/a.conf', '/etc/tool/b.conf'];

test('files that a person changed stay, new ones arrive beside them, and a rollback brings the old ones', async () => {
  const cat = (path: string) => host.sh(`cat ${path} 2>/dev/null || true`);
  const pristine = await stateOfHost(host);
  await pushTool('1', ...TOOL);
  await berth('install', 'tool');
  await host.sh('echo mine >/etc/tool/a.conf; echo mine >/etc/tool/b.conf');
  await pushTool('2', '/usr/local/bin/tool', '/etc/tool/a.conf', '/etc/tool/c.conf');
  const { stderr } = await berth('update', 'tool');
  assert.match(
    stderr,
    /^ {2}kept {5}\/etc\/tool\/a\.conf, which was changed; the new one is \/etc\/tool\/a\.conf\.berthnew$/m,
  );
  assert.match(
    stderr,
    /^ {2}kept {5}\/etc\/tool\/b\.conf, which was changed, as \/etc\/tool\/b\.conf\.berthsave$/m,
  );
  assert.match(stderr, /^ {2}added {4}\/etc\/tool\/c\.conf$/m);
  assert.deepEqual(
    [
      await cat('/usr/local/bin/tool'),
      await cat('/etc/tool/a.conf'),
      await cat('/etc/tool/a.conf.berthnew'),
      await cat('/etc/tool/c.conf'),
    ],
    ['2', 'mine', '2', '2'],
  );
  await host.sh('rm /etc/tool/a.conf.berthnew');
  await berth('rollback', 'tool');
  assert.deepEqual(
    [
      await cat('/usr/local/bin/tool'),
      await cat('/etc/tool/a.conf'),
      await cat('/etc/tool/b.conf'),
      await cat('/etc/tool/c.conf'),
    ],
    ['1', 'mine', '1', ''],
  );
  await berth('rollback', 'tool');
  assert.equal(await cat('/usr/local/bin/tool'), '2');
  await host.sh('touch /var/lib/tool/state');
  await berth('uninstall', '--purge', 'tool');
  assert.equal(await cat('/etc/tool/a.conf.berthsave'), 'mine');
  await host.sh('rm -r /etc/tool');
  assert.deepEqual(withoutImages(await stateOfHost(host)), withoutImages(pristine));
});

function withoutImages(lines: string[]): string[] {
  return lines.filter((line) => !line.startsWith('image '));
}

test('an update that would take a file of a package is refused, and names the package', async () => {
  await pushTool('1', '/usr/local/bin/tool');
  await berth('install', 'tool');
  await host.sh(`dpkg-deb --version >/dev/null; mkdir -p /root/deb/DEBIAN /root/deb/usr/local/bin
    echo theirs >/root/deb/usr/local/bin/other
    printf 'Package: other-tool\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@example.com>\\nDescription: a\\n' >/root/deb/DEBIAN/control
    dpkg-deb --build /root/deb /root/other.deb >/dev/null; dpkg --install /root/other.deb >/dev/null`);
  await pushTool('2', '/usr/local/bin/tool', '/usr/local/bin/other');
  const { exitCode, stderr } = await host.berth('update', 'tool');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Error: .*\/usr\/local\/bin\/other: it belongs to the package other-tool$/m);
  assert.equal(await host.sh('cat /usr/local/bin/tool /usr/local/bin/other'), '1\ntheirs');
  await berth('verify');
  await berth('uninstall', 'tool');
});

test('many updates and rollbacks leave no more than the kept deployments', async () => {
  await pushSleeper('first');
  await berth('install', '--now', 'nap');
  const count = () =>
    host.sh(`cd /var/lib/berth; ls deployments/nap | grep -c '^[0-9]'; ls store/layers | wc -l
      find store/objects -type f | wc -l; find store/blobs -type f | wc -l; ls journal store/staging | grep -vc : || true
      findmnt --noheadings | wc -l; ls -d /etc/systemd/system/nap* /run/runc/nap | wc -l`);
  let full: string | undefined;
  for (let round = 0; round < 25; round += 1) {
    // By name, an update also takes what a person went back from.
    if (round % 5 === 0) await pushSleeper(`round ${round}`);
    await berth('update', '--soak', '0', 'nap');
    // After each update two deployments of different images are kept.
    full ??= await count();
    if (round % 5 === 4) assert.equal(await count(), full, `round ${round}`);
    await berth('rollback', 'nap');
    if (round % 5 === 4) assert.equal(await count(), full, `round ${round}`);
  }
  await berth('verify');
  await berth('fsck');
  assert.equal(JSON.parse((await berth('prune', '--dry-run', '--json')).stdout).freedBytes, 0);
  await berth('uninstall', '--purge', 'nap');
});

test('what a service keeps goes with --purge alone, and never by way of a symlink', async () => {
  await pushImage(host, 'keeper', {
    from: 'sleeper',
    files: { version: '1' },
    config: { Volumes: { '/data': {}, '/more': {} } },
  });
  await berth('install', 'keeper');
  await host.sh(`mkdir /etc/precious; touch /etc/precious/file; touch /var/lib/keeper/data/file
    ln -s /etc/precious /var/lib/keeper/data/link; mkdir -p /etc/systemd/system/keeper.service.d
    echo '[Service]' >/etc/systemd/system/keeper.service.d/mine.conf`);
  await berth('uninstall', 'keeper');
  await host.sh('test -e /var/lib/keeper/data/file -a -e /etc/systemd/system/keeper.service.d/mine.conf');
  await berth('install', 'keeper');
  const { stdout } = await berth('uninstall', '--purge', '--dry-run', 'keeper');
  assert.match(stdout, /^remove {3}\/var\/lib\/keeper and all that is in it$/m);
  assert.equal(new Set(stdout.split('\n')).size, stdout.split('\n').length);
  await berth('uninstall', '--purge', 'keeper');
  assert.equal(await host.sh('ls -d /var/lib/keeper /etc/systemd/system/keeper* 2>/dev/null || true'), '');
  await host.sh('test -e /etc/precious/file');
});

test('the timer is off until it is enabled, runs berth, and goes without a trace', async () => {
  const before = await stateOfHost(host);
  assert.match((await berth('auto-update', 'status')).stdout, /^enabled {5}no$/m);
  await berth('auto-update', 'enable');
  const status = JSON.parse((await berth('auto-update', 'status', '--json')).stdout);
  assert.equal(status.enabled, true);
  assert.ok(new Date(status.next).getTime() > Date.now() - 60_000, status.next);

  await pushSleeper('auto-1');
  await berth('install', '--now', 'nap');
  await berth('install', '--now', '--name', 'kept', 'nap');
  await host.sh("mkdir -p /etc/berth; echo 'autoUpdate: {exclude: [kept]}' >/etc/berth/berth.yaml");
  await pushSleeper('auto-2');
  await host.sh('systemctl start berth-update.service');
  const deployment = async (name: string) =>
    JSON.parse((await berth('inspect', '--json', name)).stdout).deployment;
  assert.deepEqual([await deployment('nap'), await deployment('kept')], [1, 0]);
  assert.match((await berth('auto-update', 'status')).stdout, /^last +\S+ \(success\)$/m);
  await berth('uninstall', '--purge', 'nap', 'kept');
  await host.sh('rm -r /etc/berth');
  await berth('auto-update', 'disable');
  const left = (await stateOfHost(host)).filter(
    (line) => !before.includes(line) && !line.startsWith('image '),
  );
  assert.deepEqual(left, []);
});

test('recover says that nothing was interrupted', async () => {
  assert.match((await berth('recover')).stderr, /^nothing was interrupted$/m);
});
