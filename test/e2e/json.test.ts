import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { defineAll } from '../../src/cli/define-all.ts';
import { schemaName } from '../../src/man/command-page.ts';
import { withAll } from '../../src/man/man-pages.ts';
import { Host } from '../host/host.ts';
import { checkDocument } from '../schemas/documents.ts';
import { unseenParts } from '../schemas/unseen.ts';
import { assertFailure, succeed } from './attempt.ts';
import { pushImage, REGISTRY } from './push-image.ts';

/** A tree of an operating system, with services of its own. */
const TREE = '/srv/tree';

const TINY = `${REGISTRY}/tiny`;

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
Image=${TINY}
Environment=COLOR=red
`;

let host: Host;

const berth = (...args: string[]) => succeed(host, ...args);

const LISTEN = `
  use IO::Socket::INET;
  my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 9090, Listen => 1, ReuseAddr => 1) or die;
  print STDERR "up\n";
  sleep;
`;

/** Pushes a version of the image `web`, which listens, keeps state and has a package, a file for the host and a healthcheck. */
async function pushWeb(version: string): Promise<void> {
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

/** Services that run, are stopped, fail, wait for a connection, are half updated, or differ from what was installed. */
before(async () => {
  host = await Host.boot({ registry: true });
  await pushWeb('1');
  await pushImage(host, 'strange', { files: { 'var/lib/rpm/rpmdb.sqlite': 'no database' } });
  await host.sh(
    `mkdir -p ${TREE}/usr/bin; cp /usr/bin/runc ${TREE}/usr/bin/; cp -r --parents /etc/containers ${TREE}`,
  );
  for (const name of ['vendors', 'hidden']) {
    await berth('--root', TREE, '--vendor', 'install', '--name', name, 'sleeper');
  }
  await host.sh(`cp -a ${TREE}/usr/lib/. /usr/lib/; systemctl enable vendors`);
  await host.reboot();
  await berth('set', '--soak', '0', 'hidden', 'UUID=7');
  await berth('install', '--now', 'web');
  await berth('install', '--name', 'stopped', '--no-enable', '--after', 'web', 'sleeper');
  await berth('install', '--name', 'failed', '--requires', 'web', '--before', 'cron', 'crashing');
  await berth(
    'install',
    '--now',
    '--name',
    'front',
    '--socket',
    'http=127.0.0.1:8080',
    '--socket',
    '/run/front.sock',
    'listener',
  );
  await berth(
    'install',
    '--now',
    '--name',
    'proxied',
    '--socket',
    '@proxied',
    '--proxy-to',
    '127.0.0.1:9000',
    '--idle',
    '1min',
    'late',
  );
  await berth('install', '--instance', 'a', '--instance', 'b', '--name', 'nap', 'sleeper');
  await host.sh('cp -a /var/lib/berth/deployments/stopped/current/rootfs /srv/root');
  await berth(
    'install',
    '--now',
    '--name',
    'rooted',
    '--rootfs',
    '/srv/root',
    '--',
    '/bin/sleep',
    'infinity',
  );
  await host.sh(`mkdir -p /etc/systemd/system/failed.service.d
    printf '[Service]\\nRestart=no\\n' >/etc/systemd/system/failed.service.d/once.conf
    systemctl daemon-reload
    systemctl start failed 2>/dev/null || true
    until systemctl is-failed --quiet failed; do sleep 0.1; done
    echo mine >>/etc/web/web.conf
    rm /var/lib/berth/deployments/stopped/0/rootfs/etc/passwd
    mkdir -p /var/lib/berth/store/objects/00
    touch /var/lib/berth/store/objects/00/${'0'.repeat(62)}
    mkdir -p /etc/berth /srv/images /srv/out /tmp/web /tmp/work
    mkdir -p /etc/berth/scanners.d
    printf '%s\\n' 'description: finds' 'command: [sh, -c, echo found; exit 1, "{rootfs}"]' 'reads: [/etc/hostname]' \\
      'hint: apt-get install dash' >/etc/berth/scanners.d/finds.yaml
    printf '%s\\n' 'description: fails' 'command: [sh, -c, exit 2, "{rootfs}"]' >/etc/berth/scanners.d/fails.yaml
    echo 'autoUpdate: {window: "02:00-04:00", exclude: [front]}' >/etc/berth/berth.yaml`);
  writeFileSync(host.path('/srv/host.yaml'), JSON.stringify({ version: 1, services: DECLARED }));
  writeFileSync(host.path('/srv/quadlet.container'), QUADLET);
  await berth('auto-update', 'enable');
  await host.sh('systemctl start berth-update.service');
  await pushWeb('2');
  await host.sh(`berth update --soak 2s web & pid=$!
    until [ -e /var/lib/berth/journal/watching.json ]; do kill -0 $pid; sleep 0.02; done
    kill -KILL $pid`);
  await pushWeb('3');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

/** A command, what it is given beside --json, and how it is to end if not well. */
type Invocation = [command: string, args?: string[], status?: number];

/** They leave the host alone: the update stays as it was cut off. */
const READING: Invocation[] = [
  ['list'],
  ['stats', ['--no-stream']],
  ['status'],
  ['status', ['failed'], 3],
  ['history', ['web']],
  ['history', ['hidden']],
  ['history', ['rooted']],
  ['inspect', ['web']],
  ['inspect', ['hidden']],
  ['inspect', ['proxied']],
  ['inspect', ['rooted']],
  ['inspect', ['failed']],
  ['inspect', ['front']],
  ['inspect', [`${REGISTRY}/web`]],
  ['inspect', ['--values', `${REGISTRY}/httpd`]],
  ['inspect', [`${REGISTRY}/listener`]],
  ['images'],
  ['mount'],
  ['ports'],
  ['graph'],
  ['graph', ['--boot']],
  ['logs'],
  ['events'],
  ['doctor', [], 1],
  ['version'],
  ['tags', [TINY]],
  ['auto-update status'],
];

/** Read and written in this order; the first ends what was cut off. */
const CHANGING: Invocation[] = [
  ['recover'],
  ['recover'],
  ['df'],
  ['diff', ['web']],
  ['diff', ['web', `${REGISTRY}/strange`]],
  ['fsck', [], 1],
  ['fsck', ['--repair']],
  ['verify', [], 1],
  ['history', ['web']],
  ['update', ['--dry-run', 'web']],
  ['verify', ['--repair', '--force']],
  ['rollback', ['--dry-run', 'web']],
  ['update', ['--all', '--soak', '0']],
  ['rollback', ['web']],
  ['update', ['--all', '--soak', '0']],
  ['update', ['--soak', '0', 'web', 'stopped']],
  ['set', ['--dry-run', 'rooted', 'UUID=8']],
  ['set', ['--soak', '0', 'web', 'UUID=8']],
  ['install', ['--dry-run', '--now', 'tiny', 'web']],
  ['install', ['tiny']],
  ['inspect', ['tiny']],
  ['pull', ['sleeper', 'httpd-plain']],
  ['copy', [TINY, 'oci:/srv/images:tiny']],
  ['push', ['web', `${REGISTRY}/pushed:1`]],
  ['bundle', ['-o', '/srv/out/bundle.tar', TINY, 'sleeper']],
  ['lock', ['-f', '/srv/host.yaml']],
  ['lock', ['-f', '/srv/host.yaml']],
  ['apply', ['-f', '/srv/host.yaml', '--dry-run']],
  ['apply', ['-f', '/srv/host.yaml']],
  ['inspect', ['declared']],
  ['export', ['-o', '/srv/out/export.tar', 'declared', 'front', 'proxied']],
  ['import', ['--dry-run', '--force', '/srv/out/export.tar']],
  ['import', ['--force', '/srv/out/export.tar']],
  ['mount', ['--work', '/tmp/work', 'web', '/tmp/web']],
  ['mount'],
  ['scan', ['--list']],
  ['scan', ['web'], 5],
  ['import quadlet', ['/srv/quadlet.container']],
  ['uninstall', ['--dry-run', 'hidden', 'tiny']],
  ['uninstall', ['hidden', 'tiny']],
  ['prune', ['--all', '--dry-run']],
  ['prune', ['--all']],
];

/** What no image of these has: an index is looked at in test/unit/cli/inspect.test.ts. */
const OF_NO_IMAGE = ['image.index', 'file.xattrs[]', 'file.xattrs[][]'];

/** What the cgroups of a throwaway host do not count: see test/unit/systemd/unit-usage.test.ts. */
const NOT_COUNTED = [
  'list[].memoryBytes',
  ...['memoryBytes', 'tasks', 'ioReadBytes', 'ioWrittenBytes'].map((key) => `stats.${key}`),
];

const UNTRIED = [...OF_NO_IMAGE, ...NOT_COUNTED];

/** Their output is a document a line. */
const BY_LINE = ['events', 'logs', 'stats'];

/** The documents that were printed, by the names of their schemas. */
const printed = new Map<string, unknown[]>();

async function check([command, args = [], status = 0]: Invocation): Promise<void> {
  const { stdout, combined, exitCode } = await host.berth(...command.split(' '), '--json', ...args);
  assert.equal(exitCode, status, combined);
  const name = command.replaceAll(' ', '-');
  const documents = (BY_LINE.includes(name) ? stdout.split('\n') : [stdout]).map((text) => JSON.parse(text));
  for (const document of documents) assert.deepEqual(checkDocument(name, document), []);
  printed.set(name, [...(printed.get(name) ?? []), ...documents]);
}

describe('what --json prints is as its schema says', () => {
  for (const invocation of [...READING, ...CHANGING]) {
    const [command, args = []] = invocation;
    it([command, ...args].join(' '), () => check(invocation));
  }

  it('of every command that has --json', async () => {
    const names = withAll(await defineAll()).flatMap((command) => schemaName(command) ?? []);
    assert.deepEqual([...printed.keys()].sort(), names.sort());
  });

  it('and every part of a schema was printed', () => {
    assert.deepEqual(
      unseenParts(printed).filter((part) => !UNTRIED.includes(part)),
      [],
    );
  });
});

it('an error is no document', async () => {
  assertFailure(await host.berth('status', '--json', 'nobody'), { status: 4, says: /^Error: .*nobody/ });
});
