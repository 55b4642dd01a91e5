import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { digestOf } from '../../../../src/image/descriptor.ts';
import { digestHex } from '../../../../src/image/digest.ts';
import { DEFAULT_LIMITS } from '../../../../src/image/limits.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../../src/image/media-type.ts';
import { makeFifo } from '../../../../src/linux/node.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseImageReference } from '../../../../src/reference/image-reference.ts';
import { type CopiedImage, type CopyOptions, copyImage } from '../../../../src/transport/copy/copy-image.ts';
import { openDestination } from '../../../../src/transport/open-destination.ts';
import { openSource } from '../../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE } from '../../../../src/transport/registry/http/patience.ts';
import { scratch } from '../../layer/scratch.ts';
import { acceptUploads } from '../accept-uploads.ts';
import { FakeRegistry, fail, send } from '../fake-registry.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const LAYER = randomBytes(300_000);
const HASTY = { ...PATIENCE, stall: 500, attempts: 3, firstDelay: 1, longestDelay: 5 };

async function copy(
  root: string,
  from: string,
  to: string,
  options: Partial<CopyOptions> = {},
): Promise<CopiedImage> {
  const access = {
    paths: new Paths(root),
    env: {},
    registries: { search: [], aliases: {}, insecure: [] },
    patience: HASTY,
  };
  const reference = parseImageReference(from);
  const source = openSource(reference, access);
  try {
    const destination = openDestination(parseImageReference(to), {
      ...access,
      limits: DEFAULT_LIMITS,
      from: reference,
    });
    try {
      return await copyImage(source, destination, {
        platform: AMD64,
        limits: DEFAULT_LIMITS,
        signal: AbortSignal.timeout(20_000),
        onProgress: () => {},
        ...options,
      });
    } finally {
      await destination.close();
    }
  } finally {
    await source.close();
  }
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

function json(path: string) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** An archive's members by name, as tar(5) has them. */
function members(archive: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; archive[at] !== 0; ) {
    const name = archive.toString('latin1', at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    found.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

describe('a copy to a registry', () => {
  it('has the digest of its source, and sends a second time nothing that is there', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    const seen = acceptUploads(to);
    const image = from.addImage('web', '1', { layers: [LAYER] });
    const root = scratch(context);
    const copied = await copy(root, `${from.host}/web:1`, `${to.host}/other/web:2`);
    assert.equal(copied.digest, image.manifest.digest);
    assert.deepEqual(
      seen.sent.sort(),
      [image.config.digest, ...image.layers.map(({ digest }) => digest)].sort(),
    );
    assert.deepEqual(to.manifests.get('other/web:2')?.bytes, from.manifests.get('web:1')?.bytes);
    assert.equal(to.manifests.get('other/web:2')?.mediaType, OCI_MANIFEST);
    const again = await copy(root, `${from.host}/web:1`, `${to.host}/other/web:3`);
    assert.deepEqual([again.copiedBlobs, again.blobs, seen.sent.length], [0, 2, 2]);
  });
  it('takes blobs from another repository of the same registry without sending them', async (context) => {
    await using registry = await FakeRegistry.start();
    const seen = acceptUploads(registry);
    const image = registry.addImage('web', '1', { layers: [LAYER] });
    registry.intercept(/^\/v2\/mirror\/web\/blobs\/sha256/, (_request, response) => {
      fail(response, 404, 'BLOB_UNKNOWN', 'not in this repository');
      return true;
    });
    await copy(scratch(context), `${registry.host}/web:1`, `${registry.host}/mirror/web:1`);
    assert.deepEqual([seen.mounted.length, seen.sent.length], [2, 0]);
    assert.ok(registry.manifests.has(`mirror/web@${image.manifest.digest}`));
  });
  it('sends a blob where it cannot be mounted', async (context) => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/mount=/, (_request, response) => {
      fail(response, 403, 'DENIED', 'not yours');
      return true;
    });
    const seen = acceptUploads(registry);
    registry.addImage('web', '1', { layers: [LAYER] });
    registry.intercept(/^\/v2\/mirror\/web\/blobs\/sha256/, (_request, response) => {
      fail(response, 404, 'BLOB_UNKNOWN', 'not in this repository');
      return true;
    });
    await copy(scratch(context), `${registry.host}/web:1`, `${registry.host}/mirror/web:1`);
    assert.equal(seen.sent.length, 2);
  });
  it('is tried again where the registry fails, and ends the upload that failed', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    let failures = 0;
    to.intercept(/\/blobs\/uploads\/some-upload/, (request, response) => {
      if (request.method !== 'PUT' || failures > 0) return false;
      failures += 1;
      request.resume();
      fail(response, 503, 'UNAVAILABLE', 'not now');
      return true;
    });
    const seen = acceptUploads(to);
    from.addImage('web', '1', { layers: [LAYER] });
    await copy(scratch(context), `${from.host}/web:1`, `${to.host}/web:1`);
    assert.deepEqual([failures, seen.cancelled, seen.sent.length], [1, 1, 2]);
  });
  it('that fails leaves neither a tag nor an open upload', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    const seen = acceptUploads(to);
    const image = from.addImage('web', '1', { layers: [LAYER] });
    const [layer] = image.layers;
    assert.ok(layer);
    from.blobs.set(layer.digest, randomBytes(layer.size));
    await assert.rejects(copy(scratch(context), `${from.host}/web:1`, `${to.host}/web:1`), {
      code: 'digest-mismatch',
    });
    assert.equal(to.manifests.size, 0);
    assert.equal(seen.cancelled, 1);
    assert.ok(!to.blobs.has(layer.digest));
  });
  it('ends when the registry answers before all is sent, or takes nothing more', async (context) => {
    await using from = await FakeRegistry.start();
    from.addImage('web', '1', { layers: [randomBytes(8_000_000)] });
    for (const refuses of [true, false]) {
      await using to = await FakeRegistry.start();
      to.intercept(/\/blobs\/uploads\/some-upload/, (request, response) => {
        if (request.method !== 'PUT' || Number(request.headers['content-length']) < 1000) return false;
        if (refuses) fail(response, 413, 'SIZE_INVALID', 'too large for us');
        return true;
      });
      const seen = acceptUploads(to);
      await assert.rejects(copy(scratch(context), `${from.host}/web:1`, `${to.host}/web:1`), {
        code: refuses ? 'registry-protocol' : 'registry-unreachable',
        message: refuses ? /answered 413 "SIZE_INVALID/ : /no answer for 0\.5 seconds/,
      });
      assert.equal(seen.cancelled, refuses ? 1 : HASTY.attempts);
    }
  });
  it('gives no credentials to the host that an upload is sent on to', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    await using elsewhere = await FakeRegistry.start();
    acceptUploads(elsewhere);
    to.intercept(/^\/v2\//, (request, response) => {
      if (request.headers.authorization !== undefined) return false;
      response.setHeader('WWW-Authenticate', 'Basic realm="x"');
      fail(response, 401, 'UNAUTHORIZED', 'who are you');
      return true;
    });
    to.intercept(/\/blobs\/uploads\/$/, (_request, response) => {
      response.writeHead(202, { location: `http://${elsewhere.host}/v2/x/blobs/uploads/there` }).end();
      return true;
    });
    acceptUploads(to);
    from.addImage('web', '1', { layers: [LAYER] });
    const root = scratch(context);
    const auth = Buffer.from('me:secret').toString('base64');
    writeFileSync(join(root, 'auth.json'), JSON.stringify({ auths: { [to.host]: { auth } } }));
    const reference = parseImageReference(`${from.host}/web:1`);
    const access = {
      paths: new Paths(root),
      env: {},
      registries: { search: [], aliases: {}, insecure: [] },
      authFile: new GivenAuthFile(join(root, 'auth.json')),
    };
    const destination = openDestination(parseImageReference(`${to.host}/web:1`), {
      ...access,
      limits: DEFAULT_LIMITS,
      from: reference,
    });
    const source = openSource(reference, access);
    await copyImage(source, destination, {
      platform: AMD64,
      limits: DEFAULT_LIMITS,
      signal: AbortSignal.timeout(20_000),
      onProgress: () => {},
    });
    await Promise.all([source.close(), destination.close()]);
    assert.equal(elsewhere.requests.length, 2);
    assert.ok(elsewhere.requests.every(({ authorization }) => authorization === undefined));
    assert.ok(to.seen(/uploads/).some(({ authorization }) => authorization !== undefined));
  });
  it('asks for the right to push when the registry wants it, with a token for each right', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    to.intercept(/^\/token/, (request, response) => {
      const scope = new URL(request.url ?? '', 'http://x').searchParams.get('scope') ?? '';
      send(response, Buffer.from(JSON.stringify({ token: scope.endsWith(':pull,push') ? 'push' : 'pull' })));
      return true;
    });
    to.intercept(/^\/v2\/team/, (request, response) => {
      const isRead = request.method === 'HEAD' || request.method === 'GET';
      const { authorization } = request.headers;
      if (authorization === 'Bearer push' || (isRead && authorization === 'Bearer pull')) return false;
      const scope = `repository:team/web:${isRead ? 'pull' : 'pull,push'}`;
      const error = authorization === undefined ? '' : ',error="insufficient_scope"';
      response.setHeader(
        'WWW-Authenticate',
        `Bearer realm="http://${to.host}/token",scope="${scope}"${error}`,
      );
      request.resume();
      fail(response, 401, 'UNAUTHORIZED', 'not with this token');
      return true;
    });
    const seen = acceptUploads(to);
    from.addImage('web', '1', { layers: [LAYER] });
    await copy(scratch(context), `${from.host}/web:1`, `${to.host}/team/web:1`);
    assert.equal(seen.sent.length, 2);
    assert.ok(to.manifests.has('team/web:1'));
  });
  it('is refused for a short name, a digest, and what cannot be written', async (context) => {
    const root = scratch(context);
    const digest = digestOf(LAYER);
    const cases: [string, string][] = [
      ['web:1', 'reference-invalid'],
      [`registry.example/web@${digest}`, 'reference-invalid'],
      [`oci:${root}/x:@0`, 'reference-invalid'],
      ['docker-daemon:web:1', 'transport-unsupported'],
      ['ostree:/srv/repo:web', 'transport-unsupported'],
    ];
    for (const [to, code] of cases) {
      await assert.rejects(copy(root, 'registry.example/web:1', to), { code }, to);
    }
  });
});

describe('a copy from an archive for docker', () => {
  it('to a registry has its layers compressed, the same each time', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    acceptUploads(to);
    const image = from.addImage('web', '1', { layers: [LAYER, randomBytes(1000), LAYER] });
    const root = scratch(context);
    const archive = `docker-archive:${root}/web.tar`;
    await copy(root, `${from.host}/web:1`, archive);
    const first = await copy(root, archive, `${to.host}/web:1`);
    const second = await copy(root, archive, `oci:${root}/layout`);
    assert.equal(first.sourceDigest, second.sourceDigest);
    const manifest = JSON.parse(String(to.manifests.get('web:1')?.bytes));
    assert.equal(manifest.config.digest, image.config.digest);
    const stored = json(`${root}/layout/blobs/sha256/${digestHex(second.digest ?? digestOf(LAYER))}`);
    const layers = manifest.layers.map(({ mediaType, digest }: { mediaType: string; digest: string }) => {
      assert.equal(mediaType, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
      return [digest, digestOf(gunzipSync(to.blobs.get(digest) ?? ''))];
    });
    assert.deepEqual(
      layers.map(([, diffId]: string[]) => diffId),
      image.diffIds,
    );
    assert.deepEqual(
      stored.layers.map(({ digest }: { digest: string }) => digest),
      layers.map(([digest]: string[]) => digest),
    );
  });
  it('to another has the same bytes', async (context) => {
    await using from = await FakeRegistry.start();
    from.addImage('web', '1', { layers: [LAYER] });
    const root = scratch(context);
    await copy(root, `${from.host}/web:1`, `docker-archive:${root}/1.tar:web:1`);
    await copy(root, `docker-archive:${root}/1.tar`, `docker-archive:${root}/2.tar:web:1`);
    assert.ok(readFileSync(`${root}/1.tar`).equals(readFileSync(`${root}/2.tar`)));
  });
});

describe('a copy of an index', () => {
  async function indexed(registry: FakeRegistry) {
    const amd64 = registry.addImage('web', 'amd64', { layers: [LAYER] });
    const arm64 = registry.addImage('web', 'arm64', { architecture: 'arm64', layers: [randomBytes(1000)] });
    const index = registry.addIndex('web', 'latest', [
      { ...amd64.manifest, platform: AMD64 },
      { ...arm64.manifest, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
    return { amd64, arm64, index };
  }
  it('has everything that the index names', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    acceptUploads(to);
    const { amd64, arm64, index } = await indexed(from);
    const copied = await copy(scratch(context), `${from.host}/web`, `${to.host}/web`, {
      platform: 'all',
    });
    assert.equal(copied.digest, index.digest);
    for (const image of [amd64, arm64]) {
      assert.ok(to.manifests.has(`web@${image.manifest.digest}`));
      for (const { digest } of [image.config, ...image.layers]) assert.ok(to.blobs.has(digest));
    }
  });
  it('is the manifest of one platform without --all', async (context) => {
    await using from = await FakeRegistry.start();
    await using to = await FakeRegistry.start();
    acceptUploads(to);
    const { amd64 } = await indexed(from);
    const copied = await copy(scratch(context), `${from.host}/web`, `${to.host}/web`);
    assert.equal(copied.digest, amd64.manifest.digest);
    assert.equal(to.manifests.size, 2);
  });
  it('takes an image without an index whatever platform it is for, unless one is asked for', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', '1', { architecture: 'riscv64' });
    const root = scratch(context);
    const copied = await copy(root, `${from.host}/web:1`, `dir:${root}/1`, { platform: undefined });
    assert.equal(copied.digest, image.manifest.digest);
    await assert.rejects(copy(root, `${from.host}/web:1`, `dir:${root}/2`), { code: 'platform-unavailable' });
  });
  it('is refused when it names more than anybody’s does', async (context) => {
    await using from = await FakeRegistry.start();
    const images = Array.from({ length: 300 }, (_, index) =>
      from.addImage('web', `${index}`, { config: { Cmd: [`${index}`] } }),
    );
    from.addIndex(
      'web',
      'latest',
      images.map(({ manifest }) => manifest),
    );
    const root = scratch(context);
    await assert.rejects(copy(root, `${from.host}/web`, `dir:${root}/all`, { platform: 'all' }), {
      code: 'limit-exceeded',
    });
  });
  it('does not go into an archive for docker', async (context) => {
    await using from = await FakeRegistry.start();
    await indexed(from);
    const root = scratch(context);
    const to = `docker-archive:${root}/web.tar`;
    await assert.rejects(copy(root, `${from.host}/web`, to, { platform: 'all' }), { code: 'usage' });
    assert.deepEqual(files(root), []);
  });
});

describe('a copy to files', () => {
  it('into a layout leaves its other images, and replaces the one of its name', async (context) => {
    await using from = await FakeRegistry.start();
    const one = from.addImage('web', '1', { layers: [LAYER] });
    const two = from.addImage('web', '2', { layers: [LAYER, randomBytes(10)] });
    const root = scratch(context);
    const layout = join(root, 'layout');
    await copy(root, `${from.host}/web:1`, `oci:${layout}:stays`);
    await copy(root, `${from.host}/web:1`, `oci:${layout}:moves`);
    await copy(root, `${from.host}/web:2`, `oci:${layout}:moves`);
    const named = json(join(layout, 'index.json')).manifests.map(
      (entry: { digest: string; annotations: object }) => [entry.digest, ...Object.values(entry.annotations)],
    );
    assert.deepEqual(named, [
      [one.manifest.digest, 'stays'],
      [two.manifest.digest, 'moves'],
    ]);
    const hex = digestHex(digestOf(LAYER));
    assert.ok(files(layout).every((file) => !file.endsWith('.berth-new') && file !== hex));
  });
  it('into a layout replaces a blob that is damaged there', async (context) => {
    await using from = await FakeRegistry.start();
    const [layer] = from.addImage('web', '1', { layers: [LAYER] }).layers;
    assert.ok(layer);
    const root = scratch(context);
    await copy(root, `${from.host}/web:1`, `oci:${root}/layout`);
    const blob = `${root}/layout/blobs/sha256/${digestHex(layer.digest)}`;
    writeFileSync(blob, randomBytes(layer.size));
    const again = await copy(root, `${from.host}/web:1`, `oci:${root}/layout`);
    assert.equal(again.copiedBlobs, 1);
    assert.equal(digestOf(readFileSync(blob)), layer.digest);
    assert.equal(json(`${root}/layout/index.json`).manifests.length, 1);
  });
  it('calls a Docker image’s manifest by OCI’s names in a layout, and leaves its config', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', 'oci', { layers: [LAYER] });
    const config = { ...image.config, mediaType: DOCKER_CONFIG };
    const layers = image.layers.map((layer) => ({
      ...layer,
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    }));
    const manifest = { schemaVersion: 2, mediaType: DOCKER_MANIFEST, config, layers };
    const docker = from.addManifest('web', 'docker', manifest, DOCKER_MANIFEST);
    const root = scratch(context);
    const copied = await copy(root, `${from.host}/web:docker`, `oci:${root}/layout`);
    assert.equal(copied.sourceDigest, docker.digest);
    assert.notEqual(copied.digest, docker.digest);
    const stored = json(`${root}/layout/blobs/sha256/${digestHex(copied.digest ?? docker.digest)}`);
    assert.deepEqual(
      [stored.mediaType, stored.config.mediaType, stored.layers[0].mediaType, stored.config.digest],
      [OCI_MANIFEST, OCI_CONFIG, 'application/vnd.oci.image.layer.v1.tar+gzip', image.config.digest],
    );
  });
  it('leads from a Docker list in a layout to the manifests as they are there', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', 'oci', { layers: [LAYER] });
    const manifest = {
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: image.config,
      layers: image.layers,
    };
    const docker = from.addManifest('web', 'docker', manifest, DOCKER_MANIFEST);
    const platform = { os: 'linux', architecture: 'amd64' };
    const list = { schemaVersion: 2, mediaType: DOCKER_INDEX, manifests: [{ ...docker, platform }] };
    from.addManifest('web', 'all', list, DOCKER_INDEX);
    const root = scratch(context);
    const { digest } = await copy(root, `${from.host}/web:all`, `oci:${root}/layout`, { platform: 'all' });
    const blob = (named: string) => json(`${root}/layout/blobs/sha256/${named.slice('sha256:'.length)}`);
    const index = blob(digest ?? '');
    assert.equal(index.mediaType, OCI_INDEX);
    const [entry] = index.manifests;
    assert.deepEqual([entry.mediaType, entry.platform], [OCI_MANIFEST, platform]);
    assert.equal(blob(entry.digest).config.digest, image.config.digest);
    assert.equal(Buffer.byteLength(JSON.stringify(blob(entry.digest))), entry.size);
  });
  it('into an archive gives the same bytes each time', async (context) => {
    await using from = await FakeRegistry.start();
    from.addImage('web', '1', { layers: [LAYER, randomBytes(5000)] });
    const root = scratch(context);
    for (const transport of ['oci-archive', 'docker-archive']) {
      await copy(root, `${from.host}/web:1`, `${transport}:${root}/1.${transport}:web:1`);
      await copy(root, `${from.host}/web:1`, `${transport}:${root}/2.${transport}:web:1`);
      assert.ok(
        readFileSync(`${root}/1.${transport}`).equals(readFileSync(`${root}/2.${transport}`)),
        transport,
      );
    }
  });
  it('into an archive for docker has the layers uncompressed, by diff ID', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', '1', { layers: [LAYER, LAYER] });
    const root = scratch(context);
    const copied = await copy(root, `${from.host}/web:1`, `docker-archive:${root}/web.tar:web:1`);
    assert.equal(copied.digest, null);
    const found = members(readFileSync(`${root}/web.tar`));
    const layer = `${digestHex(digestOf(LAYER))}.tar`;
    const config = `${digestHex(image.config.digest)}.json`;
    assert.deepEqual([...found.keys()], [layer, config, 'manifest.json']);
    assert.ok(found.get(layer)?.equals(LAYER));
    assert.deepEqual(JSON.parse(String(found.get('manifest.json'))), [
      { Config: config, RepoTags: ['docker.io/library/web:1'], Layers: [layer, layer] },
    ]);
  });
  it('into an archive for docker is refused where a layer is not what its diff ID names', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', '1', { layers: [LAYER] });
    const other = from.addImage('web', 'other', { layers: [randomBytes(10)] });
    const manifest = { schemaVersion: 2, config: other.config, layers: image.layers };
    from.addManifest('web', 'mixed', manifest);
    const root = scratch(context);
    await assert.rejects(copy(root, `${from.host}/web:mixed`, `docker-archive:${root}/web.tar`), {
      code: 'digest-mismatch',
    });
    assert.deepEqual(files(root), []);
  });
  it('into a directory has the documents and blobs of the image', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', '1', { layers: [LAYER] });
    const root = scratch(context);
    await copy(root, `${from.host}/web:1`, `dir:${root}/web`);
    const [layer] = image.layers;
    assert.ok(layer);
    assert.deepEqual(
      files(`${root}/web`),
      [digestHex(layer.digest), digestHex(image.config.digest), 'manifest.json', 'version'].sort(),
    );
    assert.ok(gunzipSync(readFileSync(`${root}/web/${digestHex(layer.digest)}`)).equals(LAYER));
    assert.equal(readFileSync(`${root}/web/version`, 'utf8'), 'Directory Transport Version: 1.1\n');
  });
  it('does not touch what is there', async (context) => {
    const root = scratch(context);
    writeFileSync(`${root}/mine`, 'mine');
    for (const to of [
      `oci-archive:${root}/mine`,
      `docker-archive:${root}/mine`,
      `dir:${root}`,
      `oci:${root}`,
    ]) {
      await assert.rejects(copy(root, 'registry.example/web:1', to), { code: 'destination-exists' }, to);
    }
    assert.deepEqual(files(root), ['mine']);
  });
  it('into somebody else’s layout writes nothing where symlinks in it lead, and waits for no pipe', async (context) => {
    await using from = await FakeRegistry.start();
    from.addImage('web', '1', { layers: [LAYER] });
    for (const place of ['blobs', 'blobs/sha256']) {
      const root = scratch(context);
      mkdirSync(`${root}/elsewhere`);
      mkdirSync(dirname(`${root}/layout/${place}`), { recursive: true });
      writeFileSync(`${root}/layout/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
      symlinkSync(`${root}/elsewhere`, `${root}/layout/${place}`);
      const copying = copy(root, `${from.host}/web:1`, `oci:${root}/layout`);
      await assert.rejects(copying, { code: 'archive-invalid' }, place);
      assert.deepEqual(readdirSync(`${root}/elsewhere`), [], place);
    }
    const root = scratch(context);
    mkdirSync(`${root}/layout`);
    writeFileSync(`${root}/layout/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
    makeFifo(`${root}/layout/index.json`, 0o644);
    const copying = copy(root, `${from.host}/web:1`, `oci:${root}/layout`);
    await assert.rejects(copying, { code: 'archive-invalid' });
  });
  it('into an empty directory leaves it empty when it fails', async (context) => {
    await using from = await FakeRegistry.start();
    const [layer] = from.addImage('web', '1', { layers: [LAYER] }).layers;
    assert.ok(layer);
    from.blobs.set(layer.digest, randomBytes(layer.size));
    const root = scratch(context);
    mkdirSync(`${root}/layout`);
    const copying = copy(root, `${from.host}/web:1`, `oci:${root}/layout`);
    await assert.rejects(copying, { code: 'digest-mismatch' });
    assert.deepEqual(readdirSync(`${root}/layout`), []);
  });
  it('leaves nothing when it fails or is interrupted', async (context) => {
    await using from = await FakeRegistry.start();
    const image = from.addImage('web', '1', { layers: [LAYER, randomBytes(500_000)] });
    const last = image.layers.at(-1);
    assert.ok(last);
    const other = gzipSync(randomBytes(500_000));
    assert.equal(other.length, last.size);
    from.blobs.set(last.digest, other);
    await eachDestination(context, async (root, to) => {
      await assert.rejects(copy(root, `${from.host}/web:1`, to), { code: 'digest-mismatch' }, to);
    });
    await eachDestination(context, async (root, to) => {
      const abort = new AbortController();
      const onProgress = () => abort.abort();
      const copying = copy(root, `${from.host}/web:1`, to, { signal: abort.signal, onProgress });
      await assert.rejects(copying, { code: 'interrupted' }, to);
    });
  });
});

async function eachDestination(
  context: TestContext,
  attempt: (root: string, to: string) => Promise<void>,
): Promise<void> {
  for (const transport of ['oci', 'oci-archive', 'docker-archive', 'dir']) {
    const root = scratch(context);
    await attempt(root, `${transport}:${root}/web`);
    assert.deepEqual(readdirSync(root), [], transport);
    assert.ok(existsSync(root));
  }
}
