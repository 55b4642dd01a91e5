import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { fetchPackages } from '../host/fetched.ts';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { installPackages, serveAsExample } from './example-host.ts';
import { REGISTRY } from './push-image.ts';

// examples/bootc: an image of an operating system, built as any other image is.

const buildah = await fetchPackages('buildah');
const options = buildah.lack === undefined ? {} : { skip: buildah.lack };

let host: Host;
before(async () => {
  host = await Host.boot({ registry: true });
  serveAsExample(host);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

test('a Containerfile puts services into the /usr of an image', options, async () => {
  await installPackages(host, buildah);
  await host.sh(
    `mkdir /srv/context; cp ${join(CHECKOUT, 'examples')}/{host.yaml,bootc/Containerfile} /srv/context`,
  );
  await succeed(host, 'bundle', '-f', '/srv/context/host.yaml', '-o', '/srv/context/services.tar');
  // BASE has what berth needs. An overlay does not carry another, hence the directory.
  const tree = await host.sh(
    `cd /srv/context
     buildah() { command buildah --root /var/lib/docker/images --storage-driver overlay "$@"; }
     base=$(buildah from --quiet --tls-verify=false docker://${REGISTRY}/base)
     programs=$(command -v runc mount systemctl)
     libraries=$(ldd ${process.execPath} $programs | sed --quiet 's/.* => \\([^ ]*\\) .*/\\1/p' | sort --unique)
     cp --parents --dereference $(command -v berth) $programs $libraries $(buildah mount $base)
     buildah commit --quiet $base localhost/os >/dev/null
     systemctl stop test-registry
     buildah build --cap-add sys_admin --isolation chroot --volume ${CHECKOUT}:${CHECKOUT}:ro \
       --build-arg BASE=localhost/os --file Containerfile --tag localhost/os-services . >&2
     buildah mount $(buildah from --quiet localhost/os-services)`,
  );
  const { stdout } = await succeed(host, '--root', tree, 'list', '--json');
  const services: { service: string; origin: string }[] = JSON.parse(stdout);
  assert.deepEqual(
    services.map(({ service, origin }) => `${service} ${origin}`),
    ['etcd vendor', 'httpd vendor'],
  );
  // What was mounted for the build is no part of it.
  assert.equal(await host.sh(`find ${tree}/run -type f; ls ${tree}/var/lib | grep berth || true`), '');
});
