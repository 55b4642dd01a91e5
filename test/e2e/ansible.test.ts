import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { fetchPackages } from '../host/fetched.ts';
import { Host } from '../host/host.ts';
import { connect } from '../host/network.ts';
import { installPackages, serveAsExample } from './example-host.ts';

// examples/ansible: three hosts, set up over SSH from a fourth.

const ARCHIVE = '/srv/berth.tar.gz';
const packages = await fetchPackages('ansible-core', 'openssh-server', 'openssh-client', 'python3-apt');
const options = packages.lack === undefined ? {} : { skip: packages.lack };

let control: Host;
const hosts: Host[] = [];
before(async () => {
  if (packages.lack !== undefined) return;
  control = await Host.boot({ hostname: 'control' });
  await installPackages(control, packages);
  await packBerth(control);
  const key = await control.sh(
    'ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519.pub',
  );
  for (const hostname of ['host1', 'host2', 'host3']) {
    const host = await Host.boot({ hostname, registry: true });
    hosts.push(host);
    serveAsExample(host);
    await installPackages(host, packages);
    // A host has Node, and no berth.
    await host.sh(`ln -sf ${process.execPath} /usr/local/bin/node; rm /usr/local/bin/berth`);
    await admit(host, key);
  }
  await connect(control, ...hosts);
});
after(async () => {
  for (const host of [...hosts, control]) await host?.[Symbol.asyncDispose]();
});

/** Makes the archive that the role takes, of what is built: as `npm install --global` does, without a registry. */
async function packBerth(host: Host): Promise<void> {
  const parts = [
    'package.json',
    'dist',
    'schemas',
    'templates',
    'units',
    'node_modules/koffi',
    'node_modules/@koromix',
  ];
  await host.sh(
    `cd ${CHECKOUT}; mkdir -p /srv/berth/bin /srv/berth/lib/node_modules/berth
     cp -r --parents ${parts.join(' ')} /srv/berth/lib/node_modules/berth
     ln -s ../lib/node_modules/berth/dist/main.js /srv/berth/bin/berth
     tar -czf ${ARCHIVE} -C /srv/berth bin lib`,
  );
}

/** Lets who has this key in over SSH. */
async function admit(host: Host, key: string): Promise<void> {
  await host.sh(
    `mkdir -p /root/.ssh /run/sshd; echo '${key}' >/root/.ssh/authorized_keys
     id sshd >/dev/null 2>&1 || useradd --system --home-dir /run/sshd sshd
     ssh-keygen -A >/dev/null
     systemd-run --quiet --unit=test-sshd /usr/sbin/sshd -D -f /dev/null -o Subsystem='sftp internal-sftp'
     until (: </dev/tcp/127.0.0.1/22) 2>/dev/null; do sleep 0.02; done`,
  );
}

/** Runs the playbook, and returns how many of its tasks changed each host. */
async function play(...args: string[]): Promise<Record<string, number>> {
  const { stdout, combined, exitCode } = await control.run(
    'ansible-playbook',
    ['--inventory', 'inventory.yaml', 'site.yaml', '--extra-vars', `berth_archive=${ARCHIVE}`, ...args],
    {
      cwd: join(CHECKOUT, 'examples/ansible'),
      env: { ANSIBLE_HOST_KEY_CHECKING: 'False' },
    },
  );
  assert.equal(exitCode, 0, combined);
  const recap = stdout.matchAll(/^(host\d) +: .* changed=(\d+) /gm);
  return Object.fromEntries(Array.from(recap, ([, name, changed]) => [name, Number(changed)]));
}

test('three hosts get berth and their services, and a second run changes nothing', options, async () => {
  // berth, host.yaml and its directory, and the services.
  assert.deepEqual(await play(), { host1: 4, host2: 4, host3: 4 });
  for (const host of hosts) {
    assert.equal(await host.sh('systemctl is-active etcd httpd'), 'active\nactive');
    assert.match(
      await host.sh('readlink -f /usr/local/bin/berth'),
      /^\/usr\/local\/lib\/node_modules\/berth\//,
    );
  }
  assert.deepEqual(await play(), { host1: 0, host2: 0, host3: 0 });
});

test('what is declared otherwise changes the hosts it is declared for', options, async () => {
  const services = { etcd: { image: 'registry.example.com/etcd:3.4' } };
  const vars = JSON.stringify({ berth_services: services, berth_prune: true });
  assert.deepEqual(await play('--limit', 'host2', '--extra-vars', vars), { host2: 2 });
  const active = await Promise.all(hosts.map((host) => host.sh('systemctl is-active httpd || true')));
  assert.deepEqual(active, ['active', 'inactive', 'active']);
});
