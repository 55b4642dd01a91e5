import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  // A start that never becomes ready is not waited for long.
  await host.sh("mkdir -p /etc/berth; echo 'readiness: {limit: 8}' >/etc/berth/berth.yaml");
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

interface Version {
  name?: string;
  files?: Record<string, string>;
  config?: Record<string, unknown>;
}

/** Pushes a version of an image, `web` without another name, that runs a shell script and then waits. */
async function push(
  version: string,
  script = 'true',
  { name = 'web', files, config }: Version = {},
): Promise<void> {
  await pushImage(host, name, {
    from: 'base',
    files: { version, ...files },
    config: {
      Cmd: ['/bin/sh', '-c', `trap 'exit 0' TERM; ${script}; while :; do sleep 0.1; done`],
      Labels: { 'org.opencontainers.image.version': version },
      ...config,
    },
  });
}

const berth = (...args: string[]) => succeed(host, ...args);

async function fails(...args: string[]): Promise<string> {
  const { stdout, stderr, combined, exitCode } = await host.berth(...args);
  assert.equal(exitCode, 1, combined);
  assert.equal(stdout, '');
  return stderr;
}

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

/** The version that a running service has, by its own files. */
async function running(name = 'web'): Promise<string> {
  assert.equal(await show(name, 'ActiveState'), 'active');
  return await host.sh(`cat /proc/$(systemctl show --value --property MainPID ${name})/root/version`);
}

async function history(name = 'web'): Promise<Record<string, unknown>[]> {
  return JSON.parse((await berth('history', '--json', name)).stdout);
}

async function states(name = 'web'): Promise<string[]> {
  return (await history(name)).map(({ number, state }) => `${number} ${state}`);
}

/** Installs version 1.0 and makes sure that an update fails as stated and leaves it running, and everything clean. */
async function goesBack(says: RegExp, version: Parameters<typeof push>): Promise<void> {
  await push('1.0');
  await berth('install', '--now', 'web');
  await push(...version);
  const stderr = await fails('update', 'web');
  assert.match(stderr, says);
  assert.equal(await running(), '1.0');
  assert.deepEqual(await states(), ['null failed', '0 current']);
  await berth('verify');
  const skipped = await berth('update', '--all');
  assert.match(skipped.stderr, /^web: skipped [0-9a-f]{12}, which failed at /m);
  assert.equal(await running(), '1.0');
  await push('1.2');
  await berth('update', '--all', '--soak', '0');
  assert.equal(await running(), '1.2');
  await berth('uninstall', '--purge', 'web');
}

test('a new version under the same tag takes the place of the old one, and the way back is open', async () => {
  await push('1.0');
  await berth('install', '--now', 'web');
  const uuid = async () => JSON.parse((await berth('inspect', '--json', 'web')).stdout).values.UUID;
  const first = await uuid();
  assert.match((await berth('update', 'web')).stderr, /^web: up to date \(127\.0\.0\.1:5000\/web:latest, /m);
  await push('1.1', 'echo second');
  const dry = await berth('update', '--dry-run', 'web');
  assert.match(
    dry.stdout,
    /^web: .*: deployment 0 \(1\.0, [0-9a-f]{12}\) → deployment 1 \(1\.1, [0-9a-f]{12}\)$/m,
  );
  assert.match(dry.stdout, /^--- 0\/config\.json\n\+\+\+ 1\/config\.json$/m);
  assert.match(dry.stdout, /^\+ .*echo second/m);
  assert.match(dry.stdout, /^restart {2}web\.service$/m);
  assert.equal(await running(), '1.0');

  const { stdout } = await berth('update', '--json', '--soak', '1s', 'web');
  const { services } = JSON.parse(stdout) as { services: Record<string, unknown>[] };
  assert.deepEqual(
    services.map(({ service, status }) => [service, status]),
    [['web', 'updated']],
  );
  assert.equal(await running(), '1.1');
  assert.deepEqual(await states(), ['1 current', '0 previous']);

  await berth('rollback', 'web');
  assert.equal(await running(), '1.0');
  assert.match((await berth('update', '--all')).stderr, /^web: skipped .*a person went back from it$/m);
  await berth('rollback', 'web');
  assert.equal(await running(), '1.1');
  assert.match((await berth('rollback', '--to', '1', 'web')).stderr, /that deployment is the live one/);
  assert.deepEqual(await states(), ['1 current', '0 previous']);
  assert.equal(await uuid(), first);
  await berth('verify');

  await push('1.2');
  await berth('update', '--soak', '0', 'web');
  assert.deepEqual(await states(), ['2 current', '1 previous']);
  const { exitCode, stderr } = await host.berth('rollback', '--to', '0', 'web');
  assert.equal(exitCode, 4);
  assert.match(stderr, /^Error: cannot roll back: web: deployment 0 is not kept$/m);
  await berth('uninstall', '--purge', 'web');
});

test('a service that was stopped stays stopped', async () => {
  await push('1.0');
  await berth('install', '--no-enable', 'web');
  await push('1.1');
  await berth('update', 'web');
  assert.equal(await show('web', 'ActiveState'), 'inactive');
  assert.equal(await show('web', 'UnitFileState'), 'disabled');
  await host.sh('systemctl start web');
  assert.equal(await running(), '1.1');
  await berth('uninstall', 'web');
});

test('a version that crashes at once is undone by itself', async () => {
  await goesBack(/^Error: cannot update web: .*web\.service.*\n {2}no disk/m, [
    '1.1',
    'echo no disk; exit 3',
  ]);
});

test('a version that crashes after some seconds is undone by itself', async () => {
  await goesBack(/^Error: cannot update web: did not stay up: web\.service: .*exit status 7/m, [
    '1.1',
    'sleep 5; exit 7',
  ]);
});

test('a version that never becomes ready is undone by itself', async () => {
  const config = { Healthcheck: { Test: ['CMD', '/bin/false'] } };
  await goesBack(/^Error: cannot update web: .*\n(?: {2}.*\n)* {2}web: not ready after 8 s/m, [
    '1.1',
    'true',
    { config },
  ]);
});

test('a version whose health command fails is undone by itself', async () => {
  const config = { Healthcheck: { Test: ['CMD', '/bin/rm', '/run/well'], Retries: 2, Interval: 1e9 } };
  await goesBack(/^Error: cannot update web: not healthy: web\.service: exit status 1: .*No such file/m, [
    '1.1',
    'touch /run/well',
    { config },
  ]);
});

test('a version that lacks a variable never stops the old one', async () => {
  const files = {
    'exports/manifest.json': '{"version": "1.0"}',
    'exports/tmpfiles.template': 'd /var/lib/$MISSING 0700 root root -\n',
  };
  await push('1.0');
  await berth('install', '--now', 'web');
  const pid = await show('web', 'MainPID');
  await push('1.1', 'true', { files });
  assert.match(await fails('update', 'web'), /^Error: cannot update web: .*MISSING/m);
  assert.equal(await show('web', 'MainPID'), pid);
  assert.match((await berth('update', '--all')).stderr, /^web: skipped /m);
  assert.match(await fails('update', '--all', '--retry'), /MISSING/);
  await berth('update', '--soak', '0', '--set', 'MISSING=web', 'web');
  assert.equal(await running(), '1.1');
  await berth('uninstall', '--purge', 'web');
});

test('what depends on a service comes back with it, whether its update works or not', async () => {
  await push('1.0');
  await push('1.0', 'true', { name: 'front' });
  await berth('install', '--now', 'web');
  await berth('install', '--now', '--requires', 'web', 'front');
  await push('1.1', 'sleep 1; exit 1');
  assert.match(await fails('update', 'web'), /web is back at deployment 0/);
  assert.equal(await running('front'), '1.0');
  await push('1.2');
  await berth('update', '--soak', '1', 'web');
  assert.equal(await running(), '1.2');
  assert.equal(await running('front'), '1.0');
  // Its own file system is what it looks at: with the new version of what it needs, it ends.
  await push('1.3', 'true', { files: { 'usr/bad': '' } });
  await host.sh(
    `mkdir -p /etc/systemd/system/front.service.d; printf '[Service]\\nExecStartPre=/usr/bin/test ! -e /var/lib/berth/deployments/web/current/rootfs/usr/bad\\n' >/etc/systemd/system/front.service.d/80-test.conf; systemctl daemon-reload`,
  );
  assert.match(
    await fails('update', '--soak', '1', 'web'),
    /^Error: cannot update web: cannot start: front\.service/m,
  );
  assert.equal(await running(), '1.2');
  assert.equal(await running('front'), '1.0');
  assert.match((await berth('update', '--all')).stderr, /^web: skipped /m);
});

test('services are updated together or not at all, unless each is to go by itself', async () => {
  await push('2.0');
  await push('2.0', 'sleep 1; exit 1', { name: 'front' });
  const stderr = await fails('update', 'front', 'web');
  assert.match(stderr, /^Error: cannot update front web: did not stay up: front\.service/m);
  assert.equal(await running(), '1.2');
  assert.equal(await running('front'), '1.0');
  const outcome = await host.berth('update', '--independent', '--soak', '6s', '--json', 'front', 'web');
  assert.equal(outcome.exitCode, 1);
  const { services } = JSON.parse(outcome.stdout) as { services: { service: string; status: string }[] };
  assert.deepEqual(
    services.map(({ service, status }) => `${service} ${status}`),
    ['web updated', 'front failed'],
  );
  assert.equal(await running(), '2.0');
  assert.equal(await running('front'), '1.0');
  await berth('uninstall', '--purge', 'front', 'web');
});

/** Updates `web` with a berth that is killed as soon as it watches the new version. */
async function updateKilled(soak: string): Promise<void> {
  await host.sh(
    `berth update --soak ${soak} web & pid=$!
     until [ -e /var/lib/berth/journal/watching.json ]; do kill -0 $pid; sleep 0.02; done
     kill -KILL $pid`,
  );
}

test('after kill -9 while a new version was watched, the next command watches for the rest of the time', async () => {
  await push('1.0');
  await berth('install', '--now', 'web');
  await push('1.1', 'sleep 3; exit 7');
  await updateKilled('60s');
  assert.match(
    (await berth('recover')).stderr,
    /^recovered: "update web" was interrupted and is now undone: did not stay up: web\.service: /m,
  );
  assert.equal(await running(), '1.0');
  await push('1.2');
  await updateKilled('4s');
  const pid = await show('web', 'MainPID');
  assert.match(
    (await berth('recover')).stderr,
    /^recovered: "update web" was interrupted and is now finished$/m,
  );
  assert.equal(await running(), '1.2');
  assert.equal(await show('web', 'MainPID'), pid);
  await berth('verify');
  await berth('uninstall', '--purge', 'web');
});

test('with --no-rollback the new version stays for somebody to look at', async () => {
  await push('1.0');
  await berth('install', '--now', 'web');
  await push('1.1', 'exit 1');
  assert.match(await fails('update', '--no-rollback', 'web'), /the new version stays/);
  assert.deepEqual(await states(), ['1 current', '0 previous']);
  // It failed, nobody stopped it: so it is started.
  await berth('rollback', 'web');
  assert.equal(await running(), '1.0');
  await berth('uninstall', '--purge', 'web');
});
