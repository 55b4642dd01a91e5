import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ShownStatus } from '../../src/cli/status-text.ts';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { Terminal } from './terminal.ts';

const JOURNAL = '/var/lib/berth/journal/watching.json';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--name', 'web', 'sleeper');
  await succeed(host, 'install', '--now', '--socket', 'one=127.0.0.1:7001', 'listener');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function status(...args: string[]): Promise<ShownStatus> {
  const { stdout, combined } = await host.berth('status', '--json', ...args);
  const [found] = JSON.parse(stdout) as ShownStatus[];
  assert.ok(found, combined);
  return found;
}

test('status tells what systemctl tells of a service', async () => {
  const web = await status('web');
  const show = async (property: string) => await host.sh(`systemctl show --value -p ${property} web`);
  assert.deepEqual(
    [web.loadState, web.state, web.subState, web.result, web.enabled],
    await Promise.all(['LoadState', 'ActiveState', 'SubState', 'Result', 'UnitFileState'].map(show)),
  );
  assert.deepEqual(
    [web.mainPid, web.restarts],
    (await Promise.all(['MainPID', 'NRestarts'].map(show))).map(Number),
  );
  assert.ok((web.cpuSeconds ?? 0) > 0);
  assert.deepEqual([web.signature, web.update, web.pending, web.drift], [null, null, [], []]);
});

test('status of a service that is named has its sockets and the end of its log', async () => {
  const listener = await status('listener');
  assert.deepEqual(listener.sockets, [
    { unit: 'listener.socket', protocol: 'tcp', address: '127.0.0.1', port: 7001 },
  ]);
  assert.deepEqual((await status()).sockets, null);
  await host.sh('logger --help >/dev/null; systemctl restart web');
  assert.equal((await status('-n', '2', 'web')).log?.length, 2);
  const { stdout } = await succeed(host, 'status', 'web');
  assert.match(
    stdout,
    /^ {2}last lines:\n(?: {4}\w{3} \d\d .*\n)* {4}\w{3} \d\d \S+ systemd\[1\]: Started web\.service/m,
  );
  assert.match(stdout, /^ {2}signature not checked$/m);
  assert.doesNotMatch((await succeed(host, 'status', '-n', '0', 'web')).stdout, /last lines/);
});

test('status tells which files differ, and what is to be done until they count', async () => {
  await host.sh('echo "# mine" >>/etc/systemd/system/web.service');
  const changed = await status('web');
  assert.deepEqual(changed.drift, [{ path: '/etc/systemd/system/web.service', what: 'changed' }]);
  assert.deepEqual(changed.pending, ['reload']);
  const { stdout } = await succeed(host, 'status', 'web');
  assert.match(stdout, /^ {2}pending {3}its unit files have changed: systemctl daemon-reload$/m);
  await host.sh("sed -i '$d' /etc/systemd/system/web.service; systemctl daemon-reload");
  assert.deepEqual((await status('web')).pending, []);
  await host.sh('touch --no-dereference /var/lib/berth/deployments/web/current');
  assert.match(
    (await succeed(host, 'status', 'web')).stdout,
    /^ {2}pending {3}it runs what was live before: systemctl restart web\.service$/m,
  );
  await host.sh('systemctl restart web');
  assert.deepEqual((await status('web')).pending, []);
});

test('a change that is under way is not pending, one that was interrupted is', async () => {
  await host.sh(
    `berth set --soak 20s web UUID=7 >/dev/null 2>&1 & echo $! >/run/changing
     until [ -e ${JOURNAL} ]; do sleep 0.05; done`,
  );
  assert.deepEqual((await status('web')).pending, []);
  await host.sh('kill -KILL "$(cat /run/changing)"');
  assert.deepEqual((await status('web')).pending, ['recover']);
  assert.deepEqual((await status('listener')).pending, []);
  await succeed(host, 'recover');
  assert.deepEqual((await status('web')).pending, []);
});

test('status asks for updates only when it is told to', async () => {
  const { update, digest } = await status('--check-update', 'web');
  assert.deepEqual(update, { available: false, digest });
  await host.sh('berth copy docker://127.0.0.1:5000/crashing docker://127.0.0.1:5000/sleeper');
  const found = await status('--check-update', 'web');
  assert.equal(found.update?.available, true);
  assert.match(
    (await succeed(host, 'status', '--check-update', 'web')).stdout,
    new RegExp(`^ {2}update {4}to ${found.update?.digest.slice(7, 19)}: berth update web$`, 'm'),
  );
  await host.sh('systemctl stop test-registry');
  const { stdout, stderr } = await succeed(host, 'status', '--check-update', 'web');
  assert.match(stderr, /^Warning: web: .*127\.0\.0\.1:5000/m);
  assert.doesNotMatch(stdout, /^ {2}update/m);
});

test('status fits a terminal, and colours the state', async () => {
  const screen = await Terminal.run(host, 60, 'berth status web');
  assert.ok(screen.colored.startsWith('web  \u001b[32mactive'), screen.colored);
  assert.deepEqual(
    screen.lines.filter((line) => line.length > 60),
    [],
  );
  const log = screen.lines.slice(screen.lines.indexOf('  last lines:') + 1);
  assert.ok(
    log.some((line) => line.length === 60 && line.endsWith('…')),
    log.join('\n'),
  );
});
