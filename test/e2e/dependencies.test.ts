import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';
import { stateOfHost } from './state-of-host.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await pushService('etcd');
  await pushService('flanneld', { requires: ['etcd'] });
  await pushService('docker', { requires: ['flanneld.service'], after: ['etcd', 'network.target'] });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

interface Written {
  requires?: string[];
  after?: string[];
  before?: string[];
}

/** An image that brings a unit and no container: starting it costs next to nothing. */
async function pushService(name: string, dependencies: Written = {}, ...lines: string[]): Promise<void> {
  const manifest = { version: '1.0', noContainerService: true, ...dependencies };
  const unit = [
    '[Unit]',
    ...lines.filter((line) => !line.startsWith('Exec')),
    '[Service]',
    'Type=exec',
    'ExecStartPre=/bin/sleep 0.2',
    ...lines.filter((line) => line.startsWith('Exec')),
    'ExecStart=/bin/sleep infinity',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  await pushImage(host, name, {
    files: {
      'exports/manifest.json': JSON.stringify(manifest),
      'exports/service.template': `${unit.join('\n')}\n`,
    },
  });
}

const berth = (...args: string[]) => succeed(host, ...args);

async function fails(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await host.berth(...args);
  assert.equal(exitCode, 1, stderr);
  assert.equal(stdout, '');
  return stderr;
}

async function startedBefore(first: string, second: string): Promise<void> {
  const time = async (unit: string, property: string) =>
    Number(await host.sh(`systemctl show --value --property ${property} ${unit}`));
  const ready = await time(first, 'ActiveEnterTimestampMonotonic');
  const begun = await time(second, 'InactiveExitTimestampMonotonic');
  assert.ok(ready > 0 && ready < begun, `${first} ready at ${ready}, ${second} began at ${begun}`);
}

test('a required service that is nowhere is named, with what needs it and how to get it', async () => {
  const before = await stateOfHost(host);
  const stderr = await fails('install', '--now', 'docker');
  assert.match(
    stderr,
    /^Error: cannot install docker: docker\.service requires flanneld\.service, which is not installed$/m,
  );
  assert.match(stderr, /^Hint: .*: berth install flanneld$/m);
  assert.deepEqual(await stateOfHost(host), before);
});

test('services given in any order are started in theirs, each shown when it is ready', async () => {
  const { stderr } = await berth('install', '--system', '--now', 'docker', 'flanneld', 'etcd');
  assert.deepEqual(
    stderr.match(/^started .*$/gm)?.map((line) => line.replace(/[\d.]+ s/, 'S')),
    ['started etcd.service (S)', 'started flanneld.service (S)', 'started docker.service (S)'],
  );
  assert.equal(
    await host.sh('cat /etc/systemd/system/docker.service.d/10-berth.conf'),
    '[Unit]\nRequires=flanneld.service\nAfter=flanneld.service etcd.service network.target',
  );
});

test('the order holds at every boot', async () => {
  await host.reboot();
  await startedBefore('etcd', 'flanneld');
  await startedBefore('flanneld', 'docker');
});

test('status tells a running service’s state, image and dependencies', async () => {
  const { stdout } = await berth('status', 'docker');
  assert.match(stdout, /^docker {2}active \(running\) since /m);
  const [status] = JSON.parse((await berth('status', 'docker', '--json')).stdout);
  assert.equal(status.service, 'docker');
  assert.equal(status.running, true);
  assert.deepEqual(status.requires, ['flanneld.service']);
  assert.equal((await host.berth('status', 'nope')).exitCode, 4);
});

test('the graph and the last boot are shown as text, for programs and as drawings', async () => {
  const tree = (await berth('graph')).stdout.split('\n');
  assert.deepEqual(tree.slice(0, 3), [
    'docker.service  active',
    '├─ requires flanneld.service  active',
    '│  └─ requires etcd.service  active',
  ]);
  assert.match(tree.join('\n'), /└─ after network\.target/);
  assert.doesNotMatch(tree.join('\n'), /sysinit|basic|\.slice/);
  const { edges } = JSON.parse((await berth('graph', 'flanneld', '--json')).stdout);
  assert.deepEqual(edges, [
    { from: 'flanneld.service', to: 'etcd.service', kind: 'Requires', ordered: true },
  ]);
  assert.match((await berth('graph', '--dot')).stdout, /^ {2}"docker\.service" -> "flanneld\.service"/m);
  assert.match((await berth('graph', '--svg')).stdout, /^<svg .*>docker\.service<.*<\/svg>$/ms);

  const { rows } = JSON.parse((await berth('graph', '--boot', '--json')).stdout);
  assert.deepEqual(
    rows.map(({ unit, spans }: { unit: string; spans: { state: string }[] }) => [
      unit,
      ...spans.map(({ state }) => state),
    ]),
    ['etcd', 'flanneld', 'docker'].map((name) => [`${name}.service`, 'activating', 'active']),
  );
  assert.match(
    (await berth('graph', '--boot')).stdout,
    /^etcd\.service +\d+\.\d+ s +\d+\.\d+ s +active +░+█+$/m,
  );
  const { stdout, stderr } = await berth('graph', '--boot', '--svg', '/root/boot.svg');
  assert.deepEqual([stdout, stderr], ['', 'written: /root/boot.svg']);
  assert.match(await host.sh('cat /root/boot.svg'), /^<svg .*>docker\.service<.*<\/svg>$/ms);
  assert.equal((await host.berth('graph', '--dot', '--json')).exitCode, 2);
  assert.equal((await host.berth('graph', 'nope')).exitCode, 4);
});

test('what others require is not uninstalled, and nothing changes', async () => {
  const before = await stateOfHost(host);
  assert.match(
    await fails('uninstall', 'etcd'),
    /^Error: cannot uninstall etcd: required by flanneld\.service, docker\.service$/m,
  );
  assert.deepEqual(await stateOfHost(host), before);
  await host.sh(`printf '[Unit]\nRequires=docker.service\n[Service]\nExecStart=/bin/sleep inf\n' >/etc/systemd/system/mine.service
    systemctl daemon-reload; systemctl start mine`);
  assert.match(
    await fails('uninstall', 'docker', 'etcd', 'flanneld'),
    /^Error: cannot uninstall docker etcd flanneld: required by mine\.service$/m,
  );
  await host.sh('systemctl stop mine; rm /etc/systemd/system/mine.service; systemctl daemon-reload');
});

test('what stops with a service that is uninstalled by force is said before, stopped first and shown', async () => {
  const warning = /^Warning: also stops: docker\.service, flanneld\.service$/m;
  const dry = await berth('uninstall', '--dry-run', '--force', 'etcd');
  assert.match(dry.stdout, /^stop {5}docker\.service\nstop {5}flanneld\.service\nstop {5}etcd\.service$/m);
  assert.match(dry.stderr, warning);
  const { stderr } = await berth('uninstall', '--force', 'etcd');
  assert.match(stderr, warning);
  assert.match(stderr, /^stopped docker\.service\nstopped flanneld\.service\nstopped etcd\.service$/m);
  await berth('install', '--now', 'etcd');
  await host.sh('systemctl start docker');
});

test('services stop in the reverse of the order in which they start', async () => {
  const { stderr } = await berth('uninstall', 'etcd', 'docker', 'flanneld');
  assert.deepEqual(stderr.match(/^stopped .*$/gm), [
    'stopped docker.service',
    'stopped flanneld.service',
    'stopped etcd.service',
  ]);
});

test('a cycle is printed, and nothing changes', async () => {
  const before = await stateOfHost(host);
  const stderr = await fails('install', '--after', 'docker', 'etcd', 'flanneld', 'docker');
  assert.match(
    stderr,
    /^Error: cannot install .*: units would wait for each other: (\w+)\.service → .* → \1\.service$/m,
  );
  assert.deepEqual(await stateOfHost(host), before);
});

test('a cycle by way of a unit of the host is found, too', async () => {
  await host.sh(`printf '[Unit]\nAfter=etcd.service\n[Service]\nExecStart=/bin/sleep inf\n' >/etc/systemd/system/mine.service
    systemctl daemon-reload`);
  assert.match(
    await fails('install', '--after', 'mine', 'etcd'),
    /: etcd\.service → mine\.service → etcd\.service$/m,
  );
  await host.sh('rm /etc/systemd/system/mine.service; systemctl daemon-reload');
});

test('what a person says of order is a drop-in beside the image’s unit', async () => {
  const args = ['--requires', 'dbus.socket', '--after', 'network-online.target', '--before', 'cron'];
  await berth('install', ...args, 'etcd');
  assert.equal(
    await host.sh('cat /etc/systemd/system/etcd.service.d/50-berth.conf'),
    '[Unit]\nRequires=dbus.socket\nAfter=dbus.socket network-online.target\nBefore=cron.service',
  );
  assert.doesNotMatch(await host.sh('cat /etc/systemd/system/etcd.service'), /dbus|cron/);
  const record = JSON.parse((await berth('inspect', 'etcd', '--json')).stdout);
  assert.deepEqual(record.dependencies.user, {
    requires: ['dbus.socket'],
    after: ['network-online.target'],
    before: ['cron.service'],
  });
  assert.equal((await host.berth('install', '--after', 'a b', 'docker')).exitCode, 2);
  await berth('uninstall', 'etcd');
});

test('force installs what requires a missing service, with a warning', async () => {
  const before = await stateOfHost(host);
  assert.match(
    await fails('install', '--now', '--force', 'flanneld'),
    /^Error: cannot start: flanneld\.service: Unit etcd\.service not found$/m,
  );
  assert.deepEqual(await stateOfHost(host), before);
  const { stderr } = await berth('install', '--force', 'flanneld');
  assert.match(
    stderr,
    /^Warning: flanneld\.service requires etcd\.service, which is not installed: it will not start$/m,
  );
  const { exitCode, stdout } = await host.berth('status', 'flanneld');
  assert.equal(exitCode, 3);
  assert.match(stdout, /not started: etcd\.service/);
  await berth('uninstall', 'flanneld');
});

test('what is there to do some work and end may have ended when its installation is over', async () => {
  await pushImage(host, 'once', {
    files: {
      'exports/manifest.json': '{"version": "1.0", "noContainerService": true}',
      'exports/service.template': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
    },
  });
  assert.match((await berth('install', '--now', 'once')).stderr, /^once: installed /m);
  await berth('uninstall', 'once');
});

test('when the first of a chain fails, the report names it with its log, and what did not start', async () => {
  await pushService('etcd-broken', {}, 'ExecStartPre=/bin/sh -c "echo the disk is missing; exit 7"');
  await pushService('user', { requires: ['etcd-broken'] });
  await pushService('user-of-user', { requires: ['user'] });
  await pushService('bystander');
  const before = await stateOfHost(host);
  const stderr = await fails('install', '--now', 'user-of-user', 'user', 'etcd-broken', 'bystander');
  assert.match(
    stderr,
    /^Error: cannot start: etcd-broken\.service: exit-code, ExecStartPre .*exit status 7$/m,
  );
  assert.match(stderr, /^ {2}the disk is missing$/m);
  assert.match(stderr, /^not started because of it: user\.service, user-of-user\.service$/m);
  assert.deepEqual(await stateOfHost(host), before);
});

test('one that fails at boot keeps its dependents from starting, and status names it', async () => {
  await berth('install', '--now', 'etcd', 'flanneld', 'docker');
  await host.sh(`mkdir -p /etc/systemd/system/etcd.service.d
    printf '[Service]\nExecStartPre=/bin/sh -c "echo the disk is missing; exit 7"\n' >/etc/systemd/system/etcd.service.d/broken.conf`);
  await host.reboot();
  const { exitCode, stdout } = await host.berth('status', 'docker', 'flanneld', 'etcd');
  assert.equal(exitCode, 3);
  assert.match(stdout, /^docker {2}inactive \(dead\)$/m);
  assert.match(
    stdout,
    /not started: etcd\.service failed \(exit-code, ExecStartPre .*: exit status 7\), which flanneld\.service needs/,
  );
  assert.match(stdout, /the disk is missing/);
  const [docker] = JSON.parse((await host.berth('status', 'docker', '--json')).stdout);
  assert.equal(docker.culprit.unit, 'etcd.service');
  const { exitCode: failed, stderr } = await host.berth(
    'install',
    '--now',
    '--requires',
    'docker',
    'bystander',
  );
  assert.equal(failed, 1);
  assert.match(
    stderr,
    /^Error: cannot start: bystander\.service: etcd\.service failed \(.*\), which flanneld\.service needs, which docker\.service needs, which it needs$/m,
  );
  await host.sh(
    'rm /etc/systemd/system/etcd.service.d/broken.conf; systemctl daemon-reload; systemctl reset-failed',
  );
});

async function killEtcd(): Promise<void> {
  await host.sh(
    'systemctl kill --signal KILL etcd; until systemctl is-failed --quiet etcd; do sleep 0.1; done',
  );
}

test('one that is bound to another dies with it, and status tells so', async () => {
  await pushService('bound', {}, 'BindsTo=etcd.service', 'After=etcd.service');
  await berth('install', '--now', 'bound');
  await killEtcd();
  await host.sh('until [ "$(systemctl is-active bound)" = inactive ]; do sleep 0.1; done');
  const { exitCode, stdout } = await host.berth('status', 'bound');
  assert.equal(exitCode, 3);
  assert.match(stdout, /stopped; etcd\.service failed \(signal, .*: signal 9\/SIGKILL\), which it needs/);
  await host.sh('systemctl start flanneld docker');
  await killEtcd();
  const running = await host.berth('status', 'flanneld');
  assert.equal(running.exitCode, 0);
  assert.match(running.stdout, /runs on, although etcd\.service failed \(signal, .*\), which it needs/);
});

test('below another root files alone tell of order, need and what is enabled', async () => {
  const other = ['--root', '/srv/other'];
  await host.sh(
    'mkdir -p /srv/other/usr/bin /srv/other/etc; cp /usr/bin/runc /srv/other/usr/bin/; cp -r /etc/containers /srv/other/etc/',
  );
  const missing = await fails(...other, 'install', 'flanneld');
  assert.match(missing, /flanneld\.service requires etcd\.service, which is not installed$/m);
  await berth(...other, 'install', 'flanneld', 'etcd');
  assert.match((await berth(...other, 'list')).stdout, /^flanneld +- +enabled /m);
  const { stdout, exitCode } = await host.berth(...other, 'status', 'flanneld');
  assert.equal(exitCode, 3);
  assert.match(stdout, /^flanneld {2}-\n(?: .*\n)* {2}requires +etcd\.service$/m);
  assert.equal((await berth(...other, 'graph')).stdout, 'flanneld.service\n└─ requires etcd.service');
  assert.match(await fails(...other, 'uninstall', 'etcd'), /required by flanneld\.service$/m);
  await berth(...other, 'uninstall', 'etcd', 'flanneld');
  assert.equal(await host.sh('find /srv/other/etc /srv/other/var/lib/berth/deployments -name "*etcd*"'), '');
});
