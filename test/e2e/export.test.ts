import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// Services leave one host in a file, and are the same on another one, which has no network and no registry.

const FILE = '/root/web.tar';

let one: Host;
let other: Host;

before(async () => {
  [one, other] = await Promise.all([Host.boot({ registry: true }), Host.boot({ hostname: 'other' })]);
  const declared = {
    web: {
      image: `${REGISTRY}/httpd`,
      values: { PORT: 8081 },
      after: ['tiny'],
      sockets: { listen: ['127.0.0.1:8080'], proxy: '127.0.0.1:8081', idle: '10min' },
      mounts: [{ source: '/srv/www', destination: '/srv/www', readOnly: true }],
      resources: { MemoryMax: '100M', Nice: 5 },
      update: 'pinned',
    },
    w: {
      image: `${REGISTRY}/httpd`,
      instances: {
        a: { values: { PORT: 8082 } },
        b: { values: { PORT: 8083 }, enabled: false, started: false },
      },
    },
    tiny: { image: `${REGISTRY}/tiny:1` },
  };
  writeFileSync(one.path('/root/host.yaml'), JSON.stringify({ version: 1, services: declared }));
  for (const host of [one, other]) await host.sh('mkdir /srv/www && echo of the host >/srv/www/it');
  await succeed(one, 'apply', '--soak', '0', '-f', '/root/host.yaml');
});
after(async () => {
  await Promise.all([one, other].map((host) => host[Symbol.asyncDispose]()));
});

/** All that systemd and the runtime have of services, but where they came from. */
const rendered = (host: Host) =>
  host.sh(`cd /var/lib/berth/deployments
    for name in *; do
      for file in $name/current/*.service $name/current/*.socket $name/current/config.json; do
        [ ! -e $file ] || { echo "== $file"; grep -v '^Description=' $file; }
      done
    done
    cd /etc/systemd/system; grep -r '' *.service.d *.socket *.wants 2>/dev/null | sort
    systemctl is-enabled web.socket w@a w@b tiny || true; systemctl is-active web.socket w@a w@b tiny || true`);

test('services are on another host what they were on the first', async () => {
  await succeed(one, 'export', '-o', FILE, 'web', 'w', 'tiny');
  assert.equal(statSync(one.path(FILE)).mode & 0o777, 0o600);
  copyFileSync(one.path(FILE), other.path(FILE));
  const preview = await other.berth('import', '--dry-run', FILE);
  assert.match(preview.stdout, /^web: to be installed from /m);
  assert.equal(await other.sh('ls /var/lib/berth/deployments 2>/dev/null || true'), '');

  const said = await other.sh(`unshare --net berth import ${FILE} 2>&1`);
  assert.match(said, /^web: may read \/srv\/www of this host, at \/srv\/www$/m);
  assert.match(said, /^web: installed from 127\.0\.0\.1:5000\/httpd:latest \([0-9a-f]{12}\)$/m);
  assert.match(said, /^the automatic update, where it is enabled, takes part in: web, w@a, w@b, tiny$/m);
  assert.equal(await rendered(other), await rendered(one));
  assert.equal(
    await other.sh(
      'curl --silent --fail --retry 20 --retry-connrefused 127.0.0.1:8082 >/dev/null; curl --silent --fail 127.0.0.1:8080 | wc -c',
    ),
    await one.sh('curl --silent --fail 127.0.0.1:8080 | wc -c'),
  );
  assert.equal(
    await other.sh('nsenter -t $(systemctl show -P MainPID web) -m cat /srv/www/it'),
    'of the host',
  );
});

test('what is imported is nobody’s to prune, and says where it came from', async () => {
  const record = JSON.parse((await succeed(other, 'inspect', 'web', '--json')).stdout);
  const before = JSON.parse((await succeed(one, 'inspect', 'web', '--json')).stdout);
  assert.equal(record.image.name, before.image.name);
  const [manifest] = JSON.parse(await other.sh(`cat /var/lib/berth/store/images.json`)).manifests.filter(
    ({ annotations }: { annotations: Record<string, string> }) =>
      JSON.stringify(annotations).includes('httpd'),
  );
  const bytes = readFileSync(
    other.path(`/var/lib/berth/store/blobs/sha256/${manifest.digest.slice('sha256:'.length)}`),
    'utf8',
  );
  assert.equal(JSON.parse(bytes).annotations['berth.made-from.digest'], before.image.digest);
  writeFileSync(other.path('/root/none.yaml'), 'version: 1\nservices: {}\n');
  await succeed(other, 'apply', '--prune', '-f', '/root/none.yaml');
  assert.equal(await other.sh('systemctl is-active tiny'), 'active');
});

test('a service that is there is changed only if that is asked for', async () => {
  await succeed(one, 'export', '-o', '/root/tiny.tar', 'tiny');
  copyFileSync(one.path('/root/tiny.tar'), other.path('/root/tiny.tar'));
  assertFailure(await other.berth('import', '/root/tiny.tar'), {
    status: 1,
    says: /^Error: cannot import tiny: a service of this name is installed$/m,
    hint: /^Hint: add --name NAME /m,
  });
  const again = await other.berth('import', '--force', '--json', '/root/tiny.tar');
  assert.equal(JSON.parse(again.stdout).changed, 0, again.combined);
  await succeed(other, 'uninstall', '--purge', 'tiny');
  await other.sh('cd /root && berth import --name small tiny.tar');
  assert.equal(await other.sh('systemctl is-active small'), 'active');
});

test('a file is not replaced unasked, and the same services make the same bytes', async () => {
  assertFailure(await one.berth('export', '-o', FILE, 'web'), {
    status: 1,
    says: /^Error: cannot write: \/root\/web\.tar: it is there already$/m,
    hint: /^Hint: .*--force$/m,
  });
  await one.sh('mkdir /root/again && cd /root/again && berth export tiny');
  assert.equal(await one.sh('cmp /root/tiny.tar /root/again/tiny.tar && echo same'), 'same');
  assertFailure(await one.berth('export', 'web', 'tiny'), { status: 2, says: /several services/ });
  assertFailure(await one.berth('export', 'nobody'), { status: 4, says: /^Error: not installed: nobody$/m });
});

test('a bundle of images alone has nothing to import', async () => {
  await succeed(one, 'bundle', '-o', '/root/images.tar', `${REGISTRY}/tiny:1`);
  assertFailure(await one.berth('import', '/root/images.tar'), {
    status: 1,
    says: /^Error: no services to import: \/root\/images\.tar: it has images alone$/m,
    hint: /^Hint: berth install --from \/root\/images\.tar 127\.0\.0\.1:5000\/tiny:1$/m,
  });
});
