import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';
import { everyFile, stateOfHost } from './state-of-host.ts';

let host: Host;
let pristine: string[];

before(async () => {
  host = await Host.boot({ registry: true });
  // Short names by berth's own settings; the other way is tried in failures.test.ts.
  await host.sh(`rm /etc/containers/registries.conf; mkdir /etc/berth
    echo 'registries: {search: ["${REGISTRY}"]}' >/etc/berth/berth.yaml`);
  await host.sh('mkdir -p /var/www/html; echo "<h1>from the host</h1>" >/var/www/html/index.html');
  pristine = await stateOfHost(host);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

async function json(...args: string[]): Promise<unknown> {
  return JSON.parse((await berth(...args, '--json')).stdout);
}

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

test('a dry run prints every step and changes nothing', async () => {
  await berth('install', 'sleeper');
  const before = await everyFile(host);
  const { stdout } = await berth('install', '--dry-run', '--now', 'etcd', 'httpd');
  for (const line of [
    /^create {3}deployment 0 of etcd$/m,
    /^create {3}\/etc\/systemd\/system\/etcd\.service$/m,
    /^create {3}\/etc\/systemd\/system\/httpd\.service$/m,
    /^create {3}\/etc\/tmpfiles\.d\/etcd\.conf$/m,
    /^create {3}\/usr\/local\/bin\/etcdctl$/m,
    /^run {6}systemd-tmpfiles --create \/etc\/tmpfiles\.d\/etcd\.conf$/m,
    /^reload {3}systemd$/m,
    /^enable {3}etcd\.service httpd\.service$/m,
    /^start {4}etcd\.service$/m,
    /^start {4}httpd\.service$/m,
  ]) {
    assert.match(stdout, line);
  }
  const planned = (await json('install', '--dry-run', 'etcd')) as {
    dryRun: boolean;
    steps: { kind: string }[];
  };
  assert.equal(planned.dryRun, true);
  assert.deepEqual(
    planned.steps.map(({ kind }) => kind).filter((kind) => !['file', 'directory'].includes(kind)),
    ['deployment', 'current', 'tag', 'tmpfiles', 'enable', 'reload'],
  );
  assert.deepEqual(await everyFile(host), before);
  const leaving = await berth('uninstall', '--dry-run', 'sleeper');
  assert.match(leaving.stdout, /^remove {3}\/etc\/systemd\/system\/sleeper\.service$/m);
  assert.deepEqual(await everyFile(host), before);
  await berth('uninstall', 'sleeper');
});

test('one command makes an image of a short name a running service, with its files in place', async () => {
  const { stderr } = await berth('install', '--system', '--now', 'etcd');
  assert.match(stderr, /^pulling 127\.0\.0\.1:5000\/etcd:latest: 2 of 3 layers, /m);
  assert.match(stderr, /^started etcd\.service \([\d.]+ s\)$/m);
  assert.match(stderr, /^etcd: installed 127\.0\.0\.1:5000\/etcd:latest/m);
  assert.match(
    await host.sh('cat /etc/systemd/system/etcd.service'),
    /^Description=etcd, a distributed key-value store \(etcd\)$/m,
  );
  assert.match(
    await host.sh('cat /etc/systemd/system/etcd.service.d/10-berth.conf'),
    /^SyslogIdentifier=etcd$/m,
  );
  assert.match(await host.sh('cat /etc/tmpfiles.d/etcd.conf'), /^d \/var\/lib\/etcd 0700 root root/m);
  assert.equal(await show('etcd', 'ActiveState'), 'active');
  assert.equal(await show('etcd', 'UnitFileState'), 'enabled');
  assert.match(await host.journal('etcd'), /etcdmain: etcd Version: 3/);
});

test('the processes of the container are all in the unit’s cgroup, and no runtime is beside them', async () => {
  const main = await show('etcd', 'MainPID');
  assert.equal(await host.sh(`cat /proc/${main}/comm`), 'etcd');
  const inside = await host.sh(
    'find /sys/fs/cgroup/system.slice/etcd.service -name cgroup.procs -exec cat {} +',
  );
  assert.deepEqual(inside.split('\n'), [main]);
  assert.match(
    await host.sh('systemctl status etcd'),
    /CGroup: \/system\.slice\/etcd\.service\n.*payload\n.*\/usr\/bin\/etcd/,
  );
  assert.equal(await host.sh("pgrep --list-full 'runc|crun|node|berth' || true"), '');
});

test('etcdctl, which the image brought for the host, puts and gets', async () => {
  const etcdctl = 'ETCDCTL_API=3 /usr/local/bin/etcdctl';
  await host.sh(`until ${etcdctl} endpoint health >/dev/null 2>&1; do sleep 0.1; done`);
  await host.sh(`${etcdctl} put berth works`);
  assert.equal(await host.sh(`${etcdctl} get berth --print-value-only`), 'works');
});

test('list, images and inspect tell what is there, to people and to programs', async () => {
  const { stdout: list } = await berth('list');
  assert.match(list, /^NAME +STATE +ENABLED +SINCE .* IMAGE +DIGEST +DEPLOYMENT$/m);
  assert.match(
    list,
    /^etcd +active \(running\) +enabled .* 127\.0\.0\.1:5000\/etcd:latest +[0-9a-f]{12} +0$/m,
  );
  const [service] = (await json('list')) as Record<string, unknown>[];
  assert.deepEqual(
    {
      service: service?.['service'],
      state: service?.['state'],
      enabled: service?.['enabled'],
      deployment: service?.['deployment'],
    },
    { service: 'etcd', state: 'active', enabled: 'enabled', deployment: 0 },
  );
  const { stdout: images } = await berth('images');
  assert.match(images, /^IMAGE +DIGEST +SIZE$/m);
  assert.match(images, /^127\.0\.0\.1:5000\/etcd:latest +[0-9a-f]{12} +\d+(\.\d)? MB$/m);
  const [image] = (await json('images')) as Record<string, unknown>[];
  assert.equal(image?.['name'], '127.0.0.1:5000/etcd:latest');
  assert.equal(image?.['digest'], service?.['digest']);
  const { stdout: inspected } = await berth('inspect', 'etcd');
  assert.match(inspected, /^service: etcd$/m);
  assert.match(inspected, /^ {4}mode: "0644"$/m);
  assert.match(inspected, /^ {2}ALL_PROCESS_CAPABILITIES: .{10,60}\n {4}"CAP_/m);
  const record = (await json('inspect', 'etcd')) as Record<string, unknown>;
  assert.equal(record['service'], 'etcd');
  assert.deepEqual(record['units'], ['etcd.service']);
});

test('installing what is installed changes nothing and is no error', async () => {
  const before = await everyFile(host);
  const started = await show('etcd', 'ActiveEnterTimestampMonotonic');
  const { stdout, stderr } = await berth('install', '--now', 'etcd');
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^etcd: already installed from 127\.0\.0\.1:5000\/etcd:latest\nHint: berth update etcd$/m,
  );
  const other = await berth('install', '--name', 'etcd', 'httpd:1');
  assert.match(other.stderr, /\nHint: berth update etcd --rebase httpd:1$/m);
  const again = (await json('install', 'etcd')) as { services: { status: string }[] };
  assert.deepEqual(
    again.services.map(({ status }) => status),
    ['already-installed'],
  );
  assert.equal(await show('etcd', 'ActiveEnterTimestampMonotonic'), started);
  const after = await everyFile(host);
  assert.deepEqual(withoutLock(after), withoutLock(before));
});

/** Whoever has the lock says so in its file. */
function withoutLock(lines: string[]): string[] {
  return lines.filter((line) => !/\/var\/lib\/berth(\/lock|\/store\/staging|\/journal)? /.test(line));
}

test('a service takes a name and values, and serves the host’s pages', async () => {
  await host.sh('echo "PORT: 8081" >/root/values.yaml');
  await berth('install', '--now', '--name', 'web', '--set', 'PORT=8080', 'httpd');
  await berth('install', '--now', '--name', 'web2', '--values', '/root/values.yaml', 'httpd');
  for (const port of [8080, 8081]) {
    assert.match(
      await host.sh(
        `curl --silent --fail --retry 20 --retry-connrefused --retry-delay 0 --retry-max-time 60 http://127.0.0.1:${port}/`,
      ),
      /from the host/,
    );
  }
  assert.match(
    await host.sh('cat /etc/systemd/system/web.service'),
    /^Description=Apache HTTP server on port 8080$/m,
  );
  const record = (await json('inspect', 'web2')) as { userValues: object };
  assert.deepEqual(record.userValues, { PORT: '8081' });
});

test('the root of a container is read-only', async () => {
  const { exitCode, stderr } = await host.run('runc', ['exec', 'web', 'touch', '/usr/x']);
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /Read-only file system/);
});

test('an image without exports runs by berth’s own templates', async () => {
  await host.sh('systemctl stop web');
  await berth('install', '--now', '--no-enable', 'httpd-plain');
  assert.match(
    await host.sh(
      'curl --silent --fail --retry 20 --retry-connrefused --retry-delay 0 --retry-max-time 60 http://127.0.0.1:80/',
    ),
    /./,
  );
  assert.equal(await show('httpd-plain', 'UnitFileState'), 'disabled');
  assert.equal(await host.sh('stat --format %F /var/lib/httpd-plain/srv/data'), 'directory');
  const { stdout } = await berth('list');
  assert.equal(stdout.split('\n').length, 5);
});

test('a given runtime is the one that the unit starts', async () => {
  await host.sh('cp /usr/bin/runc /usr/local/sbin/other-runtime');
  await berth('install', '--now', '--runtime', '/usr/local/sbin/other-runtime', 'sleeper');
  assert.match(
    await host.sh('cat /etc/systemd/system/sleeper.service'),
    /^ExecStart=.* \/usr\/local\/sbin\/other-runtime run /m,
  );
  assert.equal(await show('sleeper', 'ActiveState'), 'active');
  await berth('uninstall', 'sleeper');
  await host.sh('rm /usr/local/sbin/other-runtime');
});

test('several images are one transaction: when one fails, nothing of the others stays', async () => {
  const before = await stateOfHost(host);
  const { exitCode, stdout, stderr } = await host.berth('install', '--now', 'sleeper', 'broken');
  assert.equal(exitCode, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^Error: cannot start: broken\.service: /m);
  assert.deepEqual(await stateOfHost(host), before);
});

test('uninstall leaves nothing but the state of the service and what a person changed', async () => {
  await host.sh('echo "# mine" >>/etc/tmpfiles.d/web.conf');
  const { stderr } = await berth('uninstall', 'etcd', 'web', 'web2', 'httpd-plain');
  assert.match(stderr, /^stopped etcd\.service$/m);
  assert.match(
    stderr,
    /^kept \/etc\/tmpfiles\.d\/web\.conf, which was changed, as \/etc\/tmpfiles\.d\/web\.conf\.berthsave$/m,
  );
  assert.match(stderr, /^etcd: uninstalled$/m);
  assert.match(await host.sh('tail -1 /etc/tmpfiles.d/web.conf.berthsave'), /# mine/);
  assert.ok((await host.sh('ls -A /var/lib/etcd')).length > 0);
  await host.sh('rm -r /etc/tmpfiles.d/web.conf.berthsave /var/lib/etcd /var/lib/httpd-plain');
  const left = (await stateOfHost(host)).filter((line) => !line.startsWith('image '));
  assert.deepEqual(left, pristine);
  assert.equal((await berth('list')).stdout.split('\n').length, 1);
  assert.deepEqual(await json('list'), []);
});
