import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { CHECKOUT } from '../host/checkout.ts';
import { fetchOnce } from '../host/fetched.ts';
import { Host } from '../host/host.ts';
import { whyNot } from '../images/cache.ts';
import { flanneld } from '../images/flanneld/recipe.ts';
import { succeed } from './attempt.ts';
import { serveAsExample } from './example-host.ts';
import { assertOrder } from './start-order.ts';

// examples/os-tree: an operating system with services in its /usr, built without a network and booted without berth.

const EXAMPLE = join(CHECKOUT, 'examples/os-tree');
/** The only place that a build may write to. */
const BUILD = '/srv/build';
const SUITE = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';

const mirror = await fetchOnce(
  'debian',
  `apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
     SUITE=${SUITE} '${EXAMPLE}/mirror.sh' mirror -`,
  ['mirror.sh', 'packages'].map((file) => readFileSync(join(EXAMPLE, file), 'utf8')).join(),
);
const options = mirror.lack === undefined ? {} : { skip: mirror.lack };
const DECLARED = `${BUILD}/declared.yaml`;
const BUNDLE = `${BUILD}/services.tar`;
/** What only some machines can build images of. */
const CHAIN =
  (await whyNot(flanneld)) === undefined
    ? {
        flanneld: { image: 'registry.example.com/flanneld:0.28' },
        docker: {
          image: 'registry.example.com/docker:20.10',
          // A tree's own default is all that Linux has; a container with these tests in it often lacks some.
          values: { ALL_PROCESS_CAPABILITIES: await capabilities() },
        },
      }
    : {};

/** Those that this machine can give, as a template has them. */
async function capabilities(): Promise<string> {
  const bounding = /^CapBnd:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const { stdout } = await execa('capsh', [`--decode=${bounding}`]);
  return stdout
    .replace(/^.*=/, '')
    .split(',')
    .map((name) => JSON.stringify(name.toUpperCase()))
    .join();
}

let host: Host;
before(async () => {
  if (mirror.directory === undefined) return;
  host = await Host.boot({ registry: true, diskMiB: 16_384 });
  await execa('cp', ['-r', join(CHECKOUT, 'examples'), host.path(BUILD)]);
  await execa('cp', ['-r', join(mirror.directory, 'mirror'), host.path(BUILD)]);
  serveAsExample(host);
  writeFileSync(host.path(DECLARED), JSON.stringify({ version: 1, include: ['host.yaml'], services: CHAIN }));
  await succeed(host, 'bundle', '-f', DECLARED, '-o', BUNDLE);
  await host.sh('systemctl stop test-registry');
});
after(async () => {
  await host?.[Symbol.asyncDispose]();
});

/** All that the host has written outside of BUILD, with the time of its last change. */
async function written(): Promise<string[]> {
  const format = ['-printf', '%p %y %m %U:%G %s %C@\\n'];
  const disk = await execa('find', [
    host.written,
    '-path',
    `*/upper${BUILD}`,
    '-prune',
    '-o',
    '-path',
    '*/upper/*',
    ...format,
  ]);
  const { stdout: memory } = await host.run('find', [
    '/tmp',
    '/run/berth',
    '/var/lib/berth',
    '-xdev',
    '-print',
  ]);
  return [...disk.stdout.split('\n'), ...memory.split('\n')].sort();
}

/** Builds an archive of the system, in a namespace with no network but `lo`, without a registry. */
async function build(archive: string): Promise<void> {
  await host.sh(
    `cd ${BUILD}; mkdir ${archive}.work
     TMPDIR=$PWD/${archive}.work SUITE=${SUITE} SOURCE_DATE_EPOCH=1700000000 \\
       os-tree/build.sh ${archive} ${DECLARED} ${BUNDLE} "deb [trusted=yes] copy:$PWD/mirror ./"
     rmdir ${archive}.work`,
    { timeout: 540_000 },
  );
}

test(
  'the same system is built twice, byte for byte, and nothing outside of it changes',
  options,
  async () => {
    const before = await written();
    assert.ok(before.some((line) => line.includes('/etc/containers/registries.conf ')));
    await Promise.all(['one.tar', 'two.tar'].map(build));
    assert.deepEqual(await written(), before);
    await host.sh(`cd ${BUILD}; cmp one.tar two.tar`);
  },
);

test('it boots without a network, berth and node, and has all services up in order', options, async () => {
  const tree = host.path(`${BUILD}/one.tar`);
  await using system = await Host.boot({ tree, uplink: 'docker' in CHAIN });
  assert.equal(await system.sh('systemctl is-system-running'), 'running');
  assert.equal(await system.sh("find / -xdev '(' -name berth -o -name node ')' -not -type d"), '');
  await assertOrder(system, ['etcd', ...Object.keys(CHAIN)]);
  await assertOrder(system, ['etcd', 'httpd']);
  assert.equal(await system.sh('etcdctl put key value'), 'OK');
  const get = `exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  assert.match(await system.sh(get), /^HTTP\/1\.1 200 OK/);
  if ('docker' in CHAIN)
    assert.match(await system.sh('docker network inspect bridge'), /"Subnet": "10\.42\./);
});
