import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { CHECKOUT } from '../host/checkout.ts';
import { fetchPackages } from '../host/fetched.ts';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { installPackages, serveAsExample } from './example-host.ts';

// examples/first-boot: what makes a host of an image declares its services.

const EXAMPLES = join(CHECKOUT, 'examples/first-boot');
const cloudInit = await fetchPackages('cloud-init');
const ignition = await fetchPackages('ignition');

/** A host that nobody has set up. */
async function bootHost(): Promise<Host> {
  const host = await Host.boot({ registry: true });
  serveAsExample(host);
  return host;
}

const skip = ({ lack }: { lack?: string }) => (lack === undefined ? {} : { skip: lack });

test('cloud-init’s user data installs and starts services', skip(cloudInit), async () => {
  await using host = await bootHost();
  await installPackages(host, cloudInit);
  const { stdout, combined } = await host.run('cloud-init', [
    ...['schema', '--config-file', join(EXAMPLES, 'cloud-init.yaml')],
  ]);
  assert.match(stdout, /^Valid cloud-config/, combined);
  // Of its modules, those that the example is about: the others make this a machine of some cloud.
  writeFileSync(
    host.path('/etc/cloud/cloud.cfg'),
    `datasource_list: [NoCloud]
network: { config: disabled }
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
`,
  );
  const seed = '/var/lib/cloud/seed/nocloud';
  await host.sh(
    `mkdir -p ${seed}; echo 'instance-id: one' >${seed}/meta-data
     cp ${EXAMPLES}/cloud-init.yaml ${seed}/user-data
     for step in 'init --local' init 'modules --mode=config' 'modules --mode=final'; do cloud-init $step; done`,
  );
  assert.equal(await host.sh('systemctl is-active etcd httpd'), 'active\nactive');
});

test('Ignition’s file is what Butane makes of its source', () => {
  const { storage } = parse(readFileSync(join(EXAMPLES, 'butane.yaml'), 'utf8'));
  const made = JSON.parse(readFileSync(join(EXAMPLES, 'ignition.json'), 'utf8'));
  const [, packed] = /^data:;base64,(.*)$/.exec(made.storage.files[0].contents.source) ?? [];
  assert.equal(gunzipSync(Buffer.from(packed ?? '', 'base64')).toString(), storage.files[0].contents.inline);
});

test('Ignition declares what the first boot installs and starts', skip(ignition), async () => {
  await using host = await bootHost();
  await installPackages(host, ignition);
  await host.sh(`ignition-validate ${EXAMPLES}/ignition.json`);
  await succeed(host, 'apply', '--enable-boot');
  // An initramfs runs it so. It labels files for SELinux, which is not here.
  await host.sh(
    `mkdir -p /etc/selinux; echo SELINUXTYPE=none >/etc/selinux/config; ln -s /bin/true /usr/sbin/setfiles
     for stage in fetch files; do
       IGNITION_CONFIG_FILE=${EXAMPLES}/ignition.json /usr/lib/dracut/modules.d/30ignition/ignition \\
         --platform file --root / --stage $stage --log-to-stdout
     done`,
  );
  // The registry is of this host, and starts with it.
  await host.sh(
    `mkdir /etc/systemd/system/test-registry.service.d
     printf '[Unit]\\nBefore=berth-apply.service\\n' >/etc/systemd/system/test-registry.service.d/50-test.conf`,
  );
  await host.reboot();
  assert.equal(await host.sh('systemctl is-active etcd httpd'), 'active\nactive');
  assert.match(await host.journal('berth-apply'), /^changed: 2$/m);
});
