import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Host } from '../host/host.ts';
import { makeAtomicRepository } from '../unit/transport/atomic-repository.ts';
import { assertFailure, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// A service from each place that an image can come from; what is there was put there by other programs.

const IMAGES = '/srv/images';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(`mkdir -p ${IMAGES}`);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

/** Puts an image of the registry somewhere else. */
async function copy(image: string, destination: string): Promise<void> {
  await host.sh(
    `skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://${REGISTRY}/${image} ${destination}`,
  );
}

/** Installs and starts a service, and asserts that it is what its image says, and what it is recorded as. */
async function assertService(image: string, { service = 'tiny', name = image } = {}): Promise<void> {
  await berth('install', '--now', '--name', service, image);
  assert.equal(await host.sh(`systemctl is-active ${service}`), 'active');
  assert.equal(await host.sh('/usr/local/bin/tiny'), '1');
  const record = JSON.parse((await berth('inspect', service, '--json')).stdout);
  assert.equal(record.image.name, name);
  assert.match((await berth('update', service)).stderr, /: up to date/);
  await berth('uninstall', '--purge', service);
}

async function forget(): Promise<void> {
  await berth('prune', '--all');
}

describe('a service is installed from', () => {
  test('a layout, and named after it', async () => {
    await copy('tiny:1', `oci:${IMAGES}/tiny:latest`);
    await berth('install', '--now', `oci:${IMAGES}/tiny:latest`);
    assert.equal(await host.sh('systemctl is-active tiny'), 'active');
    await berth('uninstall', '--purge', 'tiny');
    await forget();
    await assertService(`oci:${IMAGES}/tiny`);
    await forget();
  });

  test('an archive of a layout', async () => {
    await copy('tiny:1', `oci-archive:${IMAGES}/layout.tar:tiny`);
    await assertService(`oci-archive:${IMAGES}/layout.tar:tiny`);
    await forget();
  });

  test('a directory', async () => {
    await copy('tiny:1', `dir:${IMAGES}/dir`);
    await assertService(`dir:${IMAGES}/dir`);
    await forget();
  });

  test('what docker save would write, compressed or not, and from a relative path', async () => {
    await copy('tiny:1', `docker-archive:${IMAGES}/saved.tar:tiny:1`);
    await assertService(`docker-archive:${IMAGES}/saved.tar:docker.io/library/tiny:1`);
    await forget();
    const digests = new Set<string>();
    for (const [program, ending] of Object.entries({ gzip: 'gz', zstd: 'zst', xz: 'xz', bzip2: 'bz2' })) {
      await host.sh(`${program} --stdout ${IMAGES}/saved.tar >${IMAGES}/saved.tar.${ending}`);
      const { stdout } = await berth('pull', '--json', `docker-archive:${IMAGES}/saved.tar.${ending}`);
      const [pulled] = JSON.parse(stdout);
      digests.add(pulled.digest);
    }
    assert.equal(digests.size, 1);
    await host.sh(`cd ${IMAGES}; berth install docker-archive:saved.tar`);
    assert.match(
      (await berth('list')).stdout,
      new RegExp(`^saved .*docker-archive:${IMAGES}/saved\\.tar`, 'm'),
    );
    await berth('uninstall', '--purge', 'saved');
    await forget();
  });

  test('the repository that atomic kept its images in', async () => {
    await copy('tiny:1', `oci:${IMAGES}/for-atomic:tiny`);
    const repository = makeAtomicRepository(
      host.path(`${IMAGES}/for-atomic`),
      readLayout(`${IMAGES}/for-atomic`),
    );
    assert.ok(repository.endsWith(`${IMAGES}/for-atomic/repo`));
    await assertService(`ostree:${IMAGES}/for-atomic/repo:${REGISTRY}/tiny`);
    await forget();
  });

  test('what instructions for atomic name', async () => {
    const { stderr } = await berth('install', '--name', 'old', `dockertar:/${IMAGES}/saved.tar`);
    assert.match(stderr, new RegExp(`is written docker-archive:${IMAGES}/saved\\.tar now$`, 'm'));
    await berth('uninstall', '--purge', 'old');
    assert.match(
      (await berth('install', `oci:${REGISTRY}/tiny:1`)).stderr,
      new RegExp(`is written ${REGISTRY}/tiny:1 now$`, 'm'),
    );
    await berth('uninstall', '--purge', 'tiny');
  });
});

test('a service follows its archive, goes to another transport, and back', async () => {
  const archive = `oci-archive:${IMAGES}/moving.tar`;
  await copy('tiny:1', archive);
  await berth('install', '--now', '--name', 'tiny', archive);
  await host.sh(`rm ${IMAGES}/moving.tar`);
  assertFailure(await host.berth('update', 'tiny'), { status: 4, says: /no such file: .*moving\.tar$/m });
  assert.match(
    (await berth('update', '--all')).stderr,
    /^tiny: left alone, .* is not there: .*moving\.tar$/m,
  );
  await copy('tiny-next:2', archive);
  await berth('update', '--soak', '0', 'tiny');
  assert.equal(await host.sh('/usr/local/bin/tiny'), '2');
  await berth('update', '--soak', '0', '--rebase', `${REGISTRY}/tiny:1`, 'tiny');
  assert.equal(await host.sh('/usr/local/bin/tiny'), '1');
  await berth('update', '--soak', '0', '--rebase', archive, 'tiny');
  assert.equal(await host.sh('/usr/local/bin/tiny'), '2');
  await berth('uninstall', '--purge', 'tiny');
  await forget();
});

test('what the store has lost is taken from the archive again, while that is the same', async () => {
  const archive = `docker-archive:${IMAGES}/saved.tar`;
  const damage = () =>
    host.sh(`for file in $(find /var/lib/berth/store/objects -type f -size +1k); do echo x >$file; done`);
  await berth('install', '--name', 'tiny', archive);
  await damage();
  await berth('verify', '--repair');
  await berth('verify');
  await damage();
  await host.sh(`mv ${IMAGES}/saved.tar ${IMAGES}/elsewhere.tar`);
  const { exitCode, stderr } = await host.berth('verify', '--repair');
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`cannot pull again: ${archive}: no such file`));
  await host.sh(`mv ${IMAGES}/elsewhere.tar ${IMAGES}/saved.tar`);
  await berth('verify', '--repair');
  await berth('uninstall', '--purge', 'tiny');
  await forget();
});

test('what cannot be read is said in one line', async () => {
  const says = (image: string) => host.berth('install', image);
  assertFailure(await says('containers-storage:localhost/tiny'), {
    status: 1,
    says: /transport not supported/,
    hint: /^Hint: podman save --format oci-archive /m,
  });
  assertFailure(await says('docker-daemon:tiny'), { status: 1, says: /docker\.sock: connect ENOENT/ });
  assertFailure(await says('oci:/no/such'), { status: 4, says: /no such directory: \/no\/such$/m });
  assertFailure(await says(`oci-archive:${IMAGES}/saved.tar`), {
    status: 1,
    says: /it has no "oci-layout"/,
    hint: new RegExp(`^Hint: name it docker-archive:${IMAGES}/saved\\.tar$`, 'm'),
  });
});

test('an archive that has no room to be decompressed leaves nothing', async () => {
  await host.sh('mount -t tmpfs -o size=64M tmpfs /var/tmp');
  assertFailure(await host.berth('pull', `docker-archive:${IMAGES}/saved.tar.gz`), {
    status: 1,
    says: /^Error: cannot decompress .*: \/var\/tmp: less than 64 MiB are left$/m,
  });
  assert.equal(await host.sh('ls -A /var/tmp'), '');
  await host.sh('umount /var/tmp');
});

test('a service is installed from a real Docker daemon, and from what it saves', async () => {
  await berth(
    'install',
    '--now',
    '--set',
    'DOCKER_OPTIONS=--iptables=false --bridge=none',
    `${REGISTRY}/docker`,
  );
  await host.sh(`docker load --quiet --input ${IMAGES}/saved.tar`);
  await assertService('docker-daemon:tiny:1', { name: 'docker-daemon:docker.io/library/tiny:1' });
  await forget();
  const id = await host.sh('docker image inspect --format {{.Id}} tiny:1');
  await assertService(`docker-daemon:${id}`);
  assertFailure(await host.berth('pull', 'docker-daemon:tiny:2'), { status: 4, says: /no such image/ });
  await host.sh(`docker tag tiny:1 me/other:1; docker save tiny:1 me/other:1 | gzip >${IMAGES}/both.tgz`);
  await assertService(`docker-archive:${IMAGES}/both.tgz:docker.io/me/other:1`);
});

/** The image of a layout of the host, as atomic had it from a registry. */
function readLayout(layout: string) {
  const read = (digest: string) => readFileSync(host.path(`${layout}/blobs/${digest.replace(':', '/')}`));
  const hex = (digest: string) => digest.slice('sha256:'.length);
  const index = JSON.parse(readFileSync(host.path(`${layout}/index.json`), 'utf8'));
  const manifest = read(index.manifests[0].digest);
  const { config, layers } = JSON.parse(manifest.toString()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  return {
    branch: 'ociimage/127.0.0.1_3A5000_2Ftiny_3Alatest',
    manifest,
    config: { hex: hex(config.digest), bytes: read(config.digest) },
    layers: layers.map(({ digest }) => ({ hex: hex(digest), archive: unpacked(read(digest)) })),
  };
}

function unpacked(blob: Buffer): Buffer {
  return blob[0] === 0x1f ? gunzipSync(blob) : zstdDecompressSync(blob);
}
