import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { interrupt } from './interrupt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await berth('install', '--now', '--name', 'web', '--set', 'PORT=8080', 'httpd');
  await berth('install', 'etcd', 'whiteouts', 'httpd-plain');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

/** The lines of a command that finds something. */
async function finds(...args: string[]): Promise<string[]> {
  const { stdout, combined, exitCode } = await host.berth(...args);
  assert.equal(exitCode, 1, combined);
  return stdout.trimEnd().split('\n');
}

const DEPLOYMENTS = '/var/lib/berth/deployments';
const PASSWD = `${DEPLOYMENTS}/web/0/rootfs/etc/passwd`;

/** The page of a service, once it answers. */
const page = () =>
  host.sh('curl --silent --fail --retry 20 --retry-connrefused --retry-delay 0 http://127.0.0.1:8080/');

test('real services, one of them running and one rebooted, are as they were installed', async () => {
  await berth('verify', '--images');
  await berth('fsck');
  await host.sh('mkdir -p /var/www/html; echo page >/var/www/html/index.html');
  await page();
  await host.sh('systemctl start httpd-plain etcd');
  await host.reboot();
  await page();
  const { stdout, stderr } = await berth('verify', '--images');
  assert.equal(stdout, '');
  assert.match(stderr, /^nothing differs \(services: 4, files: \d{4}, \d+ MB in \d+\.\d s\)$/m);
  assert.match(
    (await berth('fsck')).stderr,
    /^nothing is damaged \(images: 4, layers: \d+, blobs: \d+, files: /m,
  );
});

test('damage is listed a line each, and repaired while the service runs', async () => {
  const rot = (path: string) =>
    `touch -r ${path} /tmp/time; printf X | dd of=${path} conv=notrunc status=none; touch -r /tmp/time ${path}`;
  await host.sh(`${rot(PASSWD)}
    rm ${DEPLOYMENTS}/web/0/rootfs/etc/group
    touch ${DEPLOYMENTS}/web/0/rootfs/etc/new
    echo ' ' >>${DEPLOYMENTS}/web/0/config.json
    rm /etc/systemd/system/etcd.service /usr/local/bin/etcdctl; systemctl daemon-reload
    echo '# mine' >>/etc/systemd/system/web.service`);
  const found = await finds('verify');
  for (const line of [
    `${PASSWD}: changed content`,
    `${DEPLOYMENTS}/web/0/rootfs/etc/group: missing`,
    `${DEPLOYMENTS}/web/0/rootfs/etc/new: extra`,
    `${DEPLOYMENTS}/web/0/config.json: changed content`,
    '/etc/systemd/system/etcd.service: missing',
    '/usr/local/bin/etcdctl: missing',
    '/etc/systemd/system/web.service: changed',
  ]) {
    assert.ok(found.includes(line), `${line} in\n${found.join('\n')}`);
  }
  const json = await host.berth('verify', 'web', '--json');
  assert.equal(json.exitCode, 1);
  const { clean, differences } = JSON.parse(json.stdout);
  assert.equal(clean, false);
  assert.ok(
    differences.some(({ path, service }: Record<string, string>) => path === PASSWD && service === 'web'),
  );

  const repaired = await finds('verify', '--repair');
  assert.ok(repaired.includes(`${PASSWD}: changed content: repaired`), repaired.join('\n'));
  assert.deepEqual(await finds('verify'), ['/etc/systemd/system/web.service: changed']);
  await page();
  assert.match(await host.sh('/usr/local/bin/etcdctl version'), /etcdctl version/);
  assert.equal(await host.sh('systemctl show --value --property LoadState etcd'), 'loaded');
  const { stderr } = await berth('verify', '--repair', '--force');
  assert.match(stderr, /^kept \/etc\/systemd\/system\/web\.service, which was changed, as .*\.berthsave$/m);
  await berth('verify');
  await berth('fsck');
});

test('systemd reads what a repair put back that was killed before it told of it', async () => {
  const needsReload = () => host.sh('systemctl show --value --property NeedDaemonReload web etcd');
  await host.sh('touch /etc/systemd/system/web.service');
  assert.match(await needsReload(), /yes/);
  await berth('verify', '--repair');
  assert.doesNotMatch(await needsReload(), /yes/);
});

test('a store that lost content gets it from the registry, or says that it cannot', async () => {
  const file = `${DEPLOYMENTS}/whiteouts/0/rootfs/data/kept/other`;
  await host.sh(`systemctl stop test-registry; truncate -s 1 ${file}`);
  assert.equal((await finds('fsck')).length, 1);
  const cannot = await host.berth('fsck', '--repair');
  assert.equal(cannot.exitCode, 1);
  assert.match(cannot.stderr, /^Warning: cannot pull again: 127\.0\.0\.1:5000\/.*: /m);
  await host.sh('systemctl start test-registry');
  await berth('fsck', '--repair');
  await berth('fsck');
  await berth('verify', '--repair');
  await berth('verify', '--images');
});

test('prune frees what an uninstalled service needed, and nothing else', async () => {
  await berth('uninstall', 'etcd');
  const used = () => host.sh('du --summarize --block-size=1 /var/lib/berth | cut -f1');
  const before = Number(await used());
  const { stdout } = await berth('prune', '--all', '--dry-run', '--json');
  const promised = JSON.parse(stdout);
  assert.equal(Number(await used()), before);
  assert.deepEqual(promised.images, ['127.0.0.1:5000/etcd:latest']);
  const done = JSON.parse((await berth('prune', '--all', '--json')).stdout);
  assert.deepEqual({ ...done, dryRun: true }, promised);
  assert.ok(done.freedBytes > 30e6);
  assert.ok(Math.abs(before - Number(await used()) - done.freedBytes) < 1e5);
  assert.deepEqual((await berth('images')).stdout.match(/:5000\/\S+/g), [
    ':5000/httpd-plain:latest',
    ':5000/httpd:latest',
    ':5000/whiteouts:latest',
  ]);
  await berth('verify', '--images');
  await berth('fsck');
  await page();
  assert.match((await berth('prune')).stderr, /^freed 0 B /m);
});

test('a verify beside writers waits, and sees no half of a change', async () => {
  await host.sh(
    `for round in 1 2; do
       berth install --name layers sleeper 2>>/tmp/log & one=$!
       berth verify 2>>/tmp/log >>/tmp/found & two=$!
       berth fsck 2>>/tmp/log >>/tmp/found & three=$!
       wait $one; wait $two; wait $three
       berth prune 2>>/tmp/log & one=$!
       berth uninstall layers 2>>/tmp/log & two=$!
       berth verify 2>>/tmp/log >>/tmp/found & three=$!
       wait $one; wait $two; wait $three
     done`,
  );
  assert.equal(await host.sh('cat /tmp/found'), '');
  assert.match(await host.sh('cat /tmp/log'), /^waiting for /m);
});

test('what was interrupted is ended before it is verified', async () => {
  const journal = '[ -e /var/lib/berth/journal/applying.json ]';
  await interrupt(host, 'KILL', journal, 'install', '--name', 'other', 'sleeper');
  const { stderr } = await berth('verify');
  assert.match(stderr, /^recovered: "install other" was interrupted and is now undone$/m);
});
