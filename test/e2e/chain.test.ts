import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { whyNot } from '../images/cache.ts';
import { flanneld } from '../images/flanneld/recipe.ts';
import { assertOrder, times } from './start-order.ts';

// The chain that system containers exist for: etcd → flanneld → docker, all of them real.

const CHAIN = ['etcd', 'flanneld', 'docker'];

const lack = await whyNot(flanneld);
const options = lack === undefined ? {} : { skip: lack };

let host: Host;

before(async () => {
  if (lack === undefined) host = await Host.boot({ registry: true, uplink: true });
});
after(async () => {
  if (lack === undefined) await host[Symbol.asyncDispose]();
});

async function bridgeSubnet(): Promise<string> {
  return await host.sh(`docker network inspect bridge --format '{{(index .IPAM.Config 0).Subnet}}'`);
}

test(
  'one command installs the chain in any order of its names, and starts it in its own',
  options,
  async () => {
    const { exitCode, stderr, combined } = await host.berth(
      ...['install', '--system', '--now', 'docker', 'flanneld', 'etcd'],
    );
    assert.equal(exitCode, 0, combined);
    const started = Array.from(stderr.matchAll(/^started (\w+)\.service/gm), ([, name]) => name);
    assert.deepEqual(started, ['etcd', 'flanneld', 'docker']);
  },
);

test('docker’s bridge has the subnet that flannel leased in etcd', options, async () => {
  assert.equal(
    await host.sh('etcdctl get --print-value-only /coreos.com/network/config'),
    '{"Network":"10.42.0.0/16","Backend":{"Type":"vxlan"}}',
  );
  const lease = await host.sh('etcdctl get --prefix /coreos.com/network/subnets/');
  const [, subnet] = /^\/coreos\.com\/network\/subnets\/(10\.42\.\d+\.0-24)$/m.exec(lease) ?? [];
  assert.match(lease, /"PublicIP":"192\.0\.2\.10"/);
  assert.equal(await bridgeSubnet(), subnet?.replace('-', '/'));
  assert.match(await host.sh('ip -details link show flannel.1'), /vxlan id 1 local 192\.0\.2\.10 dev uplink/);
});

test(
  'docker runs a container of an image that was imported from a tar, in the unit’s cgroup',
  options,
  async () => {
    await host.sh(`tar --create --dereference --directory / bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | cut -c 2-) |
    docker import - tiny`);
    assert.equal(await host.sh('docker run --rm tiny /bin/sh -c "echo it runs"'), 'it runs');
    await host.sh(
      `docker run --detach --interactive --stop-signal KILL --name waits tiny /bin/sh -c 'read -r forever'`,
    );
    const address = await host.sh(`docker inspect --format '{{.NetworkSettings.IPAddress}}' waits`);
    assert.ok((await bridgeSubnet()).startsWith(address.replace(/\d+$/, '0/')), address);
    assert.match(
      await host.sh('systemctl status docker.service'),
      /─containers\n[^\n]*\n[^\n]*\/bin\/sh -c "read -r forever"/,
    );
  },
);

test('when etcd dies, systemd brings back the whole chain, in its order', options, async () => {
  const before = await times(host, 'docker');
  await host.sh('kill -KILL $(systemctl show --property MainPID --value etcd.service)');
  await host.sh(
    `until [ "$(systemctl show --property InactiveExitTimestampMonotonic --value docker)" != ${before.started} ] &&
      systemctl --quiet is-active docker; do sleep 0.1; done`,
  );
  await assertOrder(host, CHAIN);
  await host.sh('docker start waits; docker rm --force waits');
});

test(
  'when etcd fails at boot, neither flanneld nor docker starts, and status names the cause',
  options,
  async () => {
    const dropIn = '/etc/systemd/system/etcd.service.d/90-broken.conf';
    await host.sh(
      `printf '[Service]\\nRestart=no\\nExecStart=\\nExecStart=/bin/sh -c "echo the disk is gone; exit 1"\\n' >${dropIn}`,
    );
    await host.reboot();
    assert.equal((await times(host, 'etcd')).state, 'failed');
    for (const service of ['flanneld', 'docker']) {
      assert.deepEqual(await times(host, service), { state: 'inactive', started: 0, ready: 0 }, service);
    }
    assert.match(await host.journal('docker.service'), /Dependency failed for docker\.service/);
    const { exitCode, stdout } = await host.berth('status', 'docker');
    assert.equal(exitCode, 3);
    assert.match(stdout, /^ +why +not started: etcd\.service failed .*flanneld\.service/m);
    assert.match(stdout, /^ +the disk is gone$/m);
    await host.sh(`rm ${dropIn}`);
  },
);

test(
  'at each of ten boots, without berth and node, each waits until the one before is ready',
  options,
  async () => {
    await host.sh('systemctl daemon-reload; systemctl start docker');
    const subnet = await bridgeSubnet();
    await host.removePrograms();
    for (let boot = 0; boot < 10; boot++) {
      await host.reboot();
      await assertOrder(host, CHAIN);
    }
    assert.equal(await bridgeSubnet(), subnet);
    assert.equal(await host.sh('docker run --rm tiny /bin/sh -c "echo it runs"'), 'it runs');
  },
);

test('at a shutdown, each stops before the one that it needs', options, async () => {
  const journal = await host.sh('journalctl --boot=-1 --output cat --no-pager _PID=1');
  const events = journal.match(/^(?:Stopping|Stopped) (?:etcd|flanneld|docker)\.service/gm);
  assert.deepEqual(events, [
    ...['Stopping docker.service', 'Stopped docker.service'],
    ...['Stopping flanneld.service', 'Stopped flanneld.service'],
    ...['Stopping etcd.service', 'Stopped etcd.service'],
  ]);
});
