import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Host } from '../host/host.ts';

const RETRY = '--retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 60';

test('after a reboot without berth and node, the services start by themselves, in order, and answer', async () => {
  await using host = await Host.boot({ registry: true });
  await host.sh('mkdir -p /var/www/html; echo "<h1>from the host</h1>" >/var/www/html/index.html');
  const { exitCode, combined } = await host.berth('install', '--now', 'etcd', 'httpd');
  assert.equal(exitCode, 0, combined);
  // What orders units of an admin orders these.
  await host.sh(`mkdir -p /etc/systemd/system/httpd.service.d
    printf '[Unit]\\nRequires=etcd.service\\nAfter=etcd.service\\n' >/etc/systemd/system/httpd.service.d/order.conf`);
  const etcdctl = 'ETCDCTL_API=3 etcdctl';
  await host.sh(`until ${etcdctl} put kept yes >/dev/null 2>&1; do sleep 0.1; done`);
  const boot = await host.sh('cat /proc/sys/kernel/random/boot_id');

  await host.removePrograms();
  await host.reboot();

  assert.notEqual(await host.sh('cat /proc/sys/kernel/random/boot_id'), boot);
  assert.equal(await host.sh('type -P node berth || true'), '');
  assert.equal(await host.sh('systemctl is-active etcd httpd'), 'active\nactive');
  assert.equal(await host.sh('systemctl list-units --state=failed --no-legend'), '');
  assert.match(await host.sh(`curl --silent --fail ${RETRY} http://127.0.0.1/`), /from the host/);
  await host.sh(`until ${etcdctl} endpoint health >/dev/null 2>&1; do sleep 0.1; done`);
  assert.equal(await host.sh(`${etcdctl} get kept --print-value-only`), 'yes');
  const moment = async (unit: string, property: string) =>
    Number(await host.sh(`systemctl show --value --property ${property}Monotonic ${unit}`));
  const [ready, started] = [
    await moment('etcd', 'ActiveEnterTimestamp'),
    await moment('httpd', 'InactiveExitTimestamp'),
  ];
  assert.ok(
    ready > 0 && ready <= started,
    `etcd was ready at ${ready} µs, httpd was started at ${started} µs`,
  );
  for (const unit of ['etcd', 'httpd']) {
    const main = await host.sh(`systemctl show --value --property MainPID ${unit}`);
    assert.match(
      await host.sh(`cat /proc/${main}/cgroup`),
      new RegExp(`/system\\.slice/${unit}\\.service/payload$`, 'm'),
    );
  }
});
