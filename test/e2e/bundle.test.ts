import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// Images leave a host that has a network in one file, and become services where there is none.

const TINY = `${REGISTRY}/tiny:1`;
const DOCKER = `${REGISTRY}/for-docker:1`;
const BUNDLE = '/srv/services.tar';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(
    `skopeo --insecure-policy copy --quiet --format v2s2 --src-tls-verify=false --dest-tls-verify=false \\
       docker://${REGISTRY}/sleeper docker://${DOCKER}`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

test('a bundle is an archive that other programs read', async () => {
  const { stdout } = await berth('bundle', '--output', BUNDLE, '--json', TINY, DOCKER);
  const { images } = JSON.parse(stdout);
  const inspect = (image: string) => host.sh(`skopeo inspect --tls-verify=false --raw ${image}`);
  for (const { name, digest } of images) {
    const raw = await inspect(`docker://${name}`);
    assert.equal(
      await host.sh(`printf %s '${raw}' | sha256sum | cut -d' ' -f1`),
      digest.slice('sha256:'.length),
    );
  }
  assert.equal(await inspect(`oci-archive:${BUNDLE}:${TINY}`), await inspect(`docker://${TINY}`));
  await host.sh(`skopeo --insecure-policy copy --quiet oci-archive:${BUNDLE}:${TINY} dir:/srv/copied`);
});

test('services are installed from a bundle without any connection to a network', async () => {
  const before = await host.sh(`sha256sum <${BUNDLE}`);
  await berth('bundle', '--output', BUNDLE, TINY, DOCKER);
  assert.equal(await host.sh(`sha256sum <${BUNDLE}`), before);

  // Even lo is down in there; D-Bus is a path.
  const trace = '/srv/connections';
  await host.sh(
    `unshare --net strace --follow-forks --trace=connect,sendto,bind --output ${trace} \\
       berth install --now --from ${BUNDLE} --name one ${TINY} 2>&1
     unshare --net berth install --now --from ${BUNDLE} --name two ${DOCKER}`,
  );
  assert.doesNotMatch(readFileSync(host.path(trace), 'utf8'), /AF_INET/);
  assert.equal(await host.sh('systemctl is-active one two'), 'active\nactive');
  for (const [service, image] of [
    ['one', TINY],
    ['two', DOCKER],
  ] as const) {
    assert.equal(JSON.parse((await berth('inspect', service, '--json')).stdout).image.name, image);
    assert.match((await berth('update', service)).stderr, /: up to date/);
  }
});

test('what host.yaml declares is had from the bundle that was made of it', async () => {
  const image = `${REGISTRY}/sleeper`;
  const services = { s1: { image }, s2: { image, update: 'pinned' } };
  writeFileSync(host.path('/root/host.yaml'), JSON.stringify({ version: 1, services }));
  mkdirSync(host.path('/srv/usb'));
  await berth('lock', '-f', '/root/host.yaml');
  await berth('bundle', '--locked', '-f', '/root/host.yaml', '-o', '/srv/usb/host.tar');
  const apply = () => host.sh('unshare --net berth apply --from /srv/usb -f /root/host.yaml');
  assert.equal((await apply()).trim(), 'changed: 2');
  assert.equal(await host.sh('systemctl is-active s1 s2'), 'active\nactive');
  assert.equal((await apply()).trim(), 'changed: 0');
});

test('what a bundle does not have is not looked for elsewhere', async () => {
  assertFailure(await host.berth('install', '--from', BUNDLE, `${REGISTRY}/sleeper`), {
    status: 4,
    says: /^Error: not in the bundle: "127\.0\.0\.1:5000\/sleeper": \/srv\/services\.tar has "127/m,
    hint: /^Hint: berth bundle /m,
  });
});
