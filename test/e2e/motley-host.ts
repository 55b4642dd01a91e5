import { writeFileSync } from 'node:fs';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage, REGISTRY } from './push-image.ts';

/** A tree of an operating system, with services of its own. */
const TREE = '/srv/tree';

const DECLARED = {
  declared: {
    image: `${REGISTRY}/listener`,
    values: { UUID: '7' },
    mounts: [{ source: '/srv/images', destination: '/images' }],
    resources: { MemoryMax: '50M' },
    sockets: { listen: ['/run/declared.sock'] },
    after: ['web'],
  },
};

const QUADLET = `[Unit]
Description=Not taken

[Container]
Image=${REGISTRY}/tiny
Environment=COLOR=red
`;

const LISTEN = `
  use IO::Socket::INET;
  my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 9090, Listen => 1, ReuseAddr => 1) or die;
  print STDERR "up\\n";
  sleep;
`;

/**
 * Boots a host with services in every condition, after what they are called: `web` runs, and its update was cut off;
 * `stopped`, whose files were damaged; `failed`; `front` and `proxied`, which wait for a connection; `nap@a` and
 * `nap@b`; `rooted`, on a root file system; the operating system's `vendors`, and `hidden`, which hides one of these.
 * A person has changed a file of `web`, and the store has a damaged file. For those who want to go on, there are
 * /srv/host.yaml and /srv/quadlet.container, and another version of `web` in the registry.
 */
export async function bootMotleyHost(): Promise<Host> {
  const host = await Host.boot({ registry: true });
  try {
    await installVendors(host);
    await pushWeb(host, '1');
    await installServices(host);
    await spoil(host);
    writeFileSync(host.path('/srv/host.yaml'), JSON.stringify({ version: 1, services: DECLARED }));
    writeFileSync(host.path('/srv/quadlet.container'), QUADLET);
    await succeed(host, 'auto-update', 'enable');
    await host.sh('systemctl start berth-update.service');
    await pushWeb(host, '2');
    await host.sh(`berth update --soak 2s web & pid=$!
      until [ -e /var/lib/berth/journal/watching.json ]; do kill -0 $pid; sleep 0.02; done
      kill -KILL $pid`);
    await pushWeb(host, '3');
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

/** Builds services into a tree and boots what has the tree's /usr. */
async function installVendors(host: Host): Promise<void> {
  await host.sh(`mkdir -p ${TREE}/usr/bin
    cp /usr/bin/runc ${TREE}/usr/bin/
    cp -r --parents /etc/containers ${TREE}`);
  for (const name of ['vendors', 'hidden']) {
    await succeed(host, '--root', TREE, '--vendor', 'install', '--name', name, 'sleeper');
  }
  await host.sh(`cp -a ${TREE}/usr/lib/. /usr/lib/; systemctl enable vendors`);
  await host.reboot();
}

/** A version of an image that listens, keeps state and has a package, a file for the host and a healthcheck. */
async function pushWeb(host: Host, version: string): Promise<void> {
  await pushImage(host, 'web', {
    from: 'base',
    files: {
      version,
      'exports/hostfs/etc/web/web.conf': version,
      'var/lib/dpkg/status': `Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: ${version}\n`,
    },
    config: {
      Cmd: ['/usr/bin/perl', '-e', LISTEN],
      Env: ['COLOR=red'],
      ExposedPorts: { '80/tcp': {} },
      Healthcheck: { Test: ['CMD', 'true'], Interval: 3e9 },
      Labels: { 'org.opencontainers.image.version': version },
      StopSignal: 'SIGKILL',
      Volumes: { '/data': {} },
    },
  });
}

async function installServices(host: Host): Promise<void> {
  const lines = [
    'set --soak 0 hidden UUID=7',
    'install --now web',
    'install --name stopped --no-enable --after web sleeper',
    'install --name failed --requires web --before cron crashing',
    'install --now --name front --socket http=127.0.0.1:8080 --socket /run/front.sock listener',
    'install --now --name proxied --socket @proxied --proxy-to 127.0.0.1:9000 --idle 1min late',
    'install --name nap --instance a --instance b sleeper',
  ];
  for (const line of lines) await succeed(host, ...line.split(' '));
  await host.sh('cp -a /var/lib/berth/deployments/stopped/current/rootfs /srv/root');
  const rooted = ['--name', 'rooted', '--rootfs', '/srv/root', '--', '/bin/sleep', 'infinity'];
  await succeed(host, 'install', '--now', ...rooted);
}

async function spoil(host: Host): Promise<void> {
  await pushImage(host, 'strange', { files: { 'var/lib/rpm/rpmdb.sqlite': 'no database' } });
  await host.sh(`mkdir -p /etc/systemd/system/failed.service.d
    printf '[Service]\\nRestart=no\\n' >/etc/systemd/system/failed.service.d/once.conf
    systemctl daemon-reload
    systemctl start failed 2>/dev/null || true
    until systemctl is-failed --quiet failed; do sleep 0.1; done
    echo mine >>/etc/web/web.conf
    rm /var/lib/berth/deployments/stopped/0/rootfs/etc/passwd
    mkdir -p /var/lib/berth/store/objects/00
    touch /var/lib/berth/store/objects/00/${'0'.repeat(62)}
    mkdir -p /etc/berth/scanners.d /srv/images
    printf '%s\\n' 'description: finds' 'command: [sh, -c, echo found; exit 1, "{rootfs}"]' 'reads: [/etc/hostname]' \\
      'hint: apt-get install dash' >/etc/berth/scanners.d/finds.yaml
    printf '%s\\n' 'description: fails' 'command: [sh, -c, exit 2, "{rootfs}"]' >/etc/berth/scanners.d/fails.yaml
    echo 'autoUpdate: {window: "02:00-04:00", exclude: [front]}' >/etc/berth/berth.yaml`);
}
