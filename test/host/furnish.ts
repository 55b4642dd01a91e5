import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHECKOUT } from './checkout.ts';

const REGISTRY_SERVICE = `[Unit]
Description=Registry of the test images

[Service]
ExecStart=/usr/bin/docker-registry serve /etc/test-registry.yml
ExecStartPost=/bin/bash -c 'until (: </dev/tcp/127.0.0.1/5000) 2>/dev/null; do sleep 0.02; done'
TimeoutStartSec=20
`;

const REGISTRY_SETTINGS = `version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: /srv/registry
  delete:
    enabled: true
http:
  addr: 127.0.0.1:5000
`;

const UPLINK_SERVICE = `[Unit]
Description=A network device with a default route
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip link add uplink type veth peer name cable
ExecStart=/sbin/ip link set cable up
ExecStart=/sbin/ip address add 192.0.2.10/24 dev uplink
ExecStart=/sbin/ip link set uplink up
ExecStart=/sbin/ip route add default via 192.0.2.1
`;

/** What has a part in booting a bare systemd: everything else that a package wants started is masked. */
const BARE = /^(systemd-|dbus|kmod-static-nodes)|\.(mount|automount|target|slice)$/;

/** Of these, what a container without a person at a console has no use for. */
const UNUSED = [
  'console-getty.service',
  'getty.target',
  'systemd-logind.service',
  'systemd-pcrphase.service',
];

export interface Furniture {
  hostname: string;
  registry: boolean;
  uplink: boolean;
}

/**
 * Turns the overlay of this machine's root into a host of its own: nothing that is enabled, installed
 * or logged in on this machine takes part in it.
 */
export async function furnish(root: string, { hostname, registry, uplink }: Furniture): Promise<void> {
  await forgetMachine(root);
  await maskForeignUnits(root);
  await write(root, 'etc/hostname', `${hostname}\n`);
  await write(root, 'etc/hosts', `127.0.0.1 localhost ${hostname}\n::1 localhost\n`);
  await write(
    root,
    'usr/local/bin/berth',
    `#!/bin/sh\nexec ${process.execPath} ${CHECKOUT}/dist/main.js "$@"\n`,
  );
  await chmod(join(root, 'usr/local/bin/berth'), 0o755);
  if (registry) {
    await write(root, 'etc/test-registry.yml', REGISTRY_SETTINGS);
    await addUnit(root, 'test-registry.service', REGISTRY_SERVICE);
    await write(
      root,
      'etc/containers/registries.conf',
      'unqualified-search-registries = ["127.0.0.1:5000"]\n',
    );
  }
  if (uplink) {
    await addUplink(root);
  }
}

/** Gives a system a network device with a default route, that leads nowhere. */
export async function addUplink(root: string): Promise<void> {
  await addUnit(root, 'uplink.service', UPLINK_SERVICE);
}

async function forgetMachine(root: string): Promise<void> {
  const places = ['etc/systemd/system', 'etc/berth', 'usr/lib/berth', 'etc/containers/registries.conf.d'];
  const credentials = ['root/.docker', 'root/.config/containers'];
  // The test images bring their own.
  const programs = ['usr/local/bin/docker', 'usr/local/bin/etcdctl'];
  for (const place of [...places, ...credentials, ...programs]) {
    await rm(within(root, place), { recursive: true, force: true });
  }
  await write(root, 'etc/fstab', '');
  await write(root, 'etc/crypttab', '');
  // Not "uninitialized": that would make systemd apply the presets of all packages.
  await write(root, 'etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  // The journal of an earlier boot stays readable.
  await mkdir(within(root, 'var/log/journal'), { recursive: true });
}

async function maskForeignUnits(root: string): Promise<void> {
  const units = within(root, 'etc/systemd/system');
  await mkdir(units, { recursive: true });
  await symlink('/usr/lib/systemd/system/multi-user.target', join(units, 'default.target'));
  const masked = new Set(UNUSED);
  for (const vendor of ['usr/lib/systemd/system', 'lib/systemd/system']) {
    for (const file of await list(join(root, vendor))) {
      if (file.endsWith('.wants')) {
        for (const unit of await list(join(root, vendor, file))) {
          if (!BARE.test(unit)) masked.add(unit);
        }
      }
    }
  }
  for (const unit of masked) {
    await symlink('/dev/null', join(units, unit));
  }
  // Generators of other packages make units that start their services.
  await mkdir(join(root, 'etc/systemd/system-generators'), { recursive: true });
  for (const generator of await list(join(root, 'usr/lib/systemd/system-generators'))) {
    const mask = join(root, 'etc/systemd/system-generators', generator);
    if ((!generator.startsWith('systemd-') || generator === 'systemd-sysv-generator') && !existsSync(mask)) {
      await symlink('/dev/null', mask);
    }
  }
}

/** Starts at boot. */
async function addUnit(root: string, unit: string, content: string): Promise<void> {
  const file = `etc/systemd/system/${unit}`;
  await write(root, file, content);
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  await mkdir(wants, { recursive: true });
  await symlink(`/${file}`, join(wants, unit));
}

async function write(root: string, path: string, content: string): Promise<void> {
  const file = within(root, path);
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await writeFile(file, content);
}

/** A path below the root, when no symlink on the way can lead out of it: to this machine's own files. */
function within(root: string, path: string): string {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    if (lstatSync(join(root, parent), { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new Error(
        `/${parent} is a symlink on this machine: the throwaway host does not know such a layout`,
      );
    }
  }
  return join(root, path);
}

async function list(dir: string): Promise<string[]> {
  return existsSync(dir) ? await readdir(dir) : [];
}
