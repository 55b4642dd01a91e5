import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BerthError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/image/descriptor.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { Paths } from '../../../src/paths.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { openSource, type SourceOptions } from '../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE, type Patience } from '../../../src/transport/registry/http/patience.ts';
import type { ImageSource } from '../../../src/transport/source.ts';
import { FakeRegistry, fail, send, sendRange } from './fake-registry.ts';
import { resolveSource } from './resolve-source.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const HASTY: Patience = {
  ...PATIENCE,
  stall: 300,
  leastInWindow: 30_000,
  attempts: 3,
  firstDelay: 1,
  longestDelay: 5,
  longestRetryAfter: 2000,
};
const LAYER = randomBytes(300_000);

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-registry-'));
});
after(() => rm(root, { recursive: true }));

function open(text: string, options: Partial<SourceOptions> = {}): ImageSource {
  return openSource(parseReference(text), {
    paths: new Paths(root),
    env: {},
    registries: { search: [], aliases: {}, insecure: [] },
    patience: HASTY,
    ...options,
  });
}

async function read(
  source: ImageSource,
  descriptor: Descriptor,
  signal = AbortSignal.timeout(10_000),
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.blob(descriptor, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function authFile(host: string, text = 'me:secret'): Promise<GivenAuthFile> {
  const file = join(root, `${host}.json`);
  await writeFile(
    file,
    JSON.stringify({ auths: { [host]: { auth: Buffer.from(text).toString('base64') } } }),
  );
  return new GivenAuthFile(file);
}

describe('an image in a registry', () => {
  it('is resolved by its tag and read whole', async () => {
    await using registry = await FakeRegistry.start();
    const image = registry.addImage('web/httpd', '2.4', { config: { Cmd: ['httpd'] }, layers: [LAYER] });
    const source = open(`${registry.host}/web/httpd:2.4`);
    assert.equal(source.name, `${registry.host}/web/httpd:2.4`);
    const resolved = await resolveSource(source, AMD64);
    assert.deepEqual(resolved.descriptor, image.manifest);
    assert.deepEqual(resolved.config.cmd, ['httpd']);
    assert.deepEqual(resolved.config.diffIds, image.diffIds);
    const [layer] = resolved.manifest.layers;
    assert.ok(layer);
    assert.equal(digestOf(await read(source, layer)), layer.digest);
    await source.close();
  });
  it('is asked for as it is, not compressed on the way', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    const source = open(`${registry.host}/x`);
    await resolveSource(source, AMD64);
    assert.ok(registry.requests.every(({ headers }) => headers['accept-encoding'] === 'identity'));
    await source.close();
  });
  it('is found through an index, for the platform', async () => {
    await using registry = await FakeRegistry.start();
    const amd64 = registry.addImage('x', 'amd64');
    const arm64 = registry.addImage('x', 'arm64', { architecture: 'arm64' });
    registry.addIndex('x', 'latest', [
      { ...arm64.manifest, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { ...amd64.manifest, platform: AMD64 },
    ]);
    const source = open(`${registry.host}/x`);
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, amd64.manifest.digest);
    const arm = await resolveSource(source, { os: 'linux', architecture: 'arm64', variant: 'v8' });
    assert.equal(arm.descriptor.digest, arm64.manifest.digest);
    await source.close();
  });
  it('goes by the digest where there is a tag too', async () => {
    await using registry = await FakeRegistry.start();
    const old = registry.addImage('x', 'latest', { config: { Cmd: ['old'] } });
    registry.addImage('x', 'latest', { config: { Cmd: ['new'] } });
    const source = open(`${registry.host}/x:latest@${old.manifest.digest}`);
    assert.deepEqual((await resolveSource(source, AMD64)).config.cmd, ['old']);
    await source.close();
  });
  it('of no bytes at all can be read', async () => {
    await using registry = await FakeRegistry.start();
    const empty = registry.addBlob(Buffer.alloc(0), 'application/vnd.oci.image.layer.v1.tar');
    const source = open(`${registry.host}/x`);
    assert.equal((await read(source, empty)).length, 0);
    await source.close();
  });
  it('is refused when other bytes come than the digest names', async () => {
    await using registry = await FakeRegistry.start();
    const image = registry.addImage('x', 'latest');
    const other = registry.addImage('x', 'other', { config: { Cmd: ['evil'] } });
    const swapped = registry.manifests.get('x:other');
    assert.ok(swapped);
    registry.manifests.set(`x@${image.manifest.digest}`, swapped);
    const byDigest = open(`${registry.host}/x@${image.manifest.digest}`);
    await assert.rejects(resolveSource(byDigest, AMD64), { code: 'digest-mismatch' });
    // The config, which has the size that the manifest names.
    const bytes = Buffer.from(registry.blobs.get(other.config.digest) ?? '');
    registry.blobs.set(other.config.digest, bytes.fill(0x20, 1, 2));
    const byConfig = open(`${registry.host}/x:other`);
    await assert.rejects(resolveSource(byConfig, AMD64), { code: 'digest-mismatch' });
    await Promise.all([byDigest.close(), byConfig.close()]);
  });
  it('is refused when a tag comes with the digest of something else', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    registry.intercept(/manifests/, (_, response) => {
      response.setHeader('Docker-Content-Digest', `sha256:${'ab'.repeat(32)}`);
      send(response, registry.manifests.get('x:latest')?.bytes ?? Buffer.alloc(0));
      return true;
    });
    const source = open(`${registry.host}/x`);
    await assert.rejects(resolveSource(source, AMD64), { code: 'digest-mismatch' });
    await source.close();
  });
  it('is refused when the header calls a manifest an index', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    const stored = registry.manifests.get('x:latest');
    assert.ok(stored);
    registry.manifests.set('x:latest', { ...stored, mediaType: OCI_INDEX });
    const source = open(`${registry.host}/x`);
    await assert.rejects(resolveSource(source, AMD64), { code: 'manifest-invalid' });
    await source.close();
  });
  it('is refused when its manifest does not end', async () => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/manifests/, (_, response) => {
      response.setHeader('Content-Type', OCI_MANIFEST);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(1 << 20, ' '), more));
      more();
      return true;
    });
    const source = open(`${registry.host}/x`);
    await assert.rejects(resolveSource(source, AMD64), {
      code: 'limit-exceeded',
      message: /4194304 \(limits\.manifestBytes\)/,
    });
    await source.close();
  });
  it('is held against the limits that are set, and so is a token', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    const manifest = open(`${registry.host}/x`, { limits: { ...DEFAULT_LIMITS, manifestBytes: 100 } });
    await assert.rejects(resolveSource(manifest, AMD64), {
      message: /more than 100 \(limits\.manifestBytes\)/,
    });
    registry.intercept(/^\/v2\/x/, (_, response) => {
      response.setHeader('WWW-Authenticate', `Bearer realm="http://${registry.host}/token"`);
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });
    registry.intercept(/^\/token/, (_, response) => {
      send(response, Buffer.from(JSON.stringify({ token: 'x'.repeat(100) })));
      return true;
    });
    const token = open(`${registry.host}/x`, { limits: { ...DEFAULT_LIMITS, tokenBytes: 100 } });
    await assert.rejects(resolveSource(token, AMD64), {
      code: 'limit-exceeded',
      message: /more than 100 \(limits\.tokenBytes\)/,
    });
    await Promise.all([manifest.close(), token.close()]);
  });
  it('is reported as not found, by its name, with what to try', async () => {
    await using registry = await FakeRegistry.start();
    const source = open(`${registry.host}/team/absent:1`);
    await assert.rejects(resolveSource(source, AMD64), (error: BerthError) => {
      assert.equal(error.code, 'registry-not-found');
      assert.equal(
        error.message,
        `not found: ${registry.host}/team/absent:1: ${registry.host} answered 404 "MANIFEST_UNKNOWN: manifest unknown"`,
      );
      assert.equal(error.hint, `check the name, and its tags: berth tags ${registry.host}/team/absent`);
      return true;
    });
    assert.equal(registry.seen(/manifests/).length, 1);
    await source.close();
  });
  it('is reported as unreachable when nobody listens', async () => {
    const registry = await FakeRegistry.start();
    const { host } = registry;
    await registry.close();
    const source = open(`${host}/x`);
    await assert.rejects(resolveSource(source, AMD64), {
      code: 'registry-unreachable',
      message: /ECONNREFUSED/,
      hint: /curl --head http:/,
    });
    await source.close();
  });
});

describe('a short name', () => {
  it('is the image of the first registry that has it', async () => {
    await using first = await FakeRegistry.start();
    await using second = await FakeRegistry.start();
    second.addImage('team/etcd', '3', { config: { Cmd: ['second'] } });
    const registries = { search: [first.host, `${second.host}/team`], aliases: {}, insecure: [] };
    const source = open('etcd:3', { registries });
    assert.deepEqual((await resolveSource(source, AMD64)).config.cmd, ['second']);
    assert.equal(source.name, `${second.host}/team/etcd:3`);
    await source.close();
    const absent = open('httpd', { registries });
    await assert.rejects(resolveSource(absent, AMD64), {
      code: 'registry-not-found',
      message: /no registry has it/,
    });
    await absent.close();
  });
  it("is not taken from another registry while the first can't be reached", async () => {
    await using first = await FakeRegistry.start();
    await using second = await FakeRegistry.start();
    second.addImage('etcd', 'latest');
    first.intercept(/manifests/, (_, response) => {
      fail(response, 503, 'UNAVAILABLE', 'down');
      return true;
    });
    const source = open('etcd', {
      registries: { search: [first.host, second.host], aliases: {}, insecure: [] },
    });
    await assert.rejects(resolveSource(source, AMD64), { code: 'registry-unreachable' });
    assert.equal(second.requests.length, 0);
    await source.close();
  });
});

describe('a short name that registries refuse', () => {
  const refuse = (registry: FakeRegistry, scheme = 'Basic realm="fake"'): void =>
    registry.intercept(/^\/v2\/etcd/, (_, response) => {
      response.setHeader('WWW-Authenticate', scheme);
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });

  it('to strangers is looked for in the next one', async () => {
    await using first = await FakeRegistry.start();
    await using second = await FakeRegistry.start();
    refuse(first);
    const { digest } = second.addImage('etcd', 'latest').manifest;
    const registries = { search: [first.host, second.host], aliases: {}, insecure: [] };
    const source = open('etcd', { registries, authFile: await authFile(second.host) });
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, digest);
    await source.close();
  });
  for (const scheme of ['Basic realm="fake"', 'Bearer realm="http://HOST/token"']) {
    it(`with the credential for it is not taken from another (${scheme.split(' ')[0]})`, async () => {
      await using first = await FakeRegistry.start();
      await using second = await FakeRegistry.start();
      refuse(first, scheme.replace('HOST', first.host));
      first.intercept(/^\/token/, (_, response) => {
        fail(response, 401, 'DENIED', 'who are you');
        return true;
      });
      second.addImage('etcd', 'latest');
      const registries = { search: [first.host, second.host], aliases: {}, insecure: [] };
      const source = open('etcd', { registries, authFile: await authFile(first.host) });
      await assert.rejects(resolveSource(source, AMD64), { code: 'credential-refused' });
      assert.equal(second.requests.length, 0);
      await source.close();
    });
  }
});

describe('credentials', () => {
  const TOKEN = 'the-token';
  function requireToken(registry: FakeRegistry, realm: string, lifetime = 300): void {
    registry.intercept(/^\/v2\/x\//, (request, response) => {
      if (request.headers.authorization?.startsWith(`Bearer ${TOKEN}`)) return false;
      response.setHeader(
        'WWW-Authenticate',
        `Basic realm="no", Bearer realm="${realm}",service="fake",scope="repository:x:pull"`,
      );
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });
    registry.intercept(/^\/token/, (request, response, count) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('me:secret').toString('base64')}`) {
        fail(response, 401, 'DENIED', 'who are you');
      } else {
        send(response, Buffer.from(JSON.stringify({ token: `${TOKEN}-${count}`, expires_in: lifetime })));
      }
      return true;
    });
  }

  it('buy one token for a repository, however many layers ask for it at a time', async () => {
    await using registry = await FakeRegistry.start();
    const image = registry.addImage('x', 'latest', { layers: [LAYER, randomBytes(10)] });
    requireToken(registry, `http://${registry.host}/token`);
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    await Promise.all(image.layers.map((layer) => read(source, layer)));
    await resolveSource(source, AMD64);
    const [token, ...others] = registry.seen(/token/);
    assert.deepEqual(others, []);
    assert.equal(token?.url, '/token?service=fake&scope=repository%3Ax%3Apull&account=me');
    assert.ok(registry.seen(/^\/v2\/x/).every(({ authorization }) => !authorization?.startsWith('Basic')));
    await source.close();
  });
  it('buy a new token when the registry no longer takes the old', async () => {
    await using registry = await FakeRegistry.start();
    const image = registry.addImage('x', 'latest', { layers: [LAYER] });
    let refused = '';
    registry.intercept(/blobs/, ({ headers }, response) => {
      refused ||= headers.authorization ?? '';
      if (headers.authorization !== refused) return false;
      response.setHeader(
        'WWW-Authenticate',
        `Bearer realm="http://${registry.host}/token",service="fake",scope="repository:x:pull"`,
      );
      fail(response, 401, 'UNAUTHORIZED', 'expired');
      return true;
    });
    requireToken(registry, `http://${registry.host}/token`);
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    await resolveSource(source, AMD64);
    await Promise.all([read(source, image.config), read(source, image.config)]);
    assert.equal(registry.seen(/token/).length, 2);
    await source.close();
  });
  for (const status of [401, 403]) {
    it(`buy a token for another scope where ${status} asks for it`, async () => {
      await using registry = await FakeRegistry.start();
      registry.addImage('x', 'latest');
      const realm = `http://${registry.host}/token`;
      registry.intercept(/^\/v2\/x/, ({ headers }, response) => {
        const token = headers.authorization;
        if (token === 'Bearer repository:x:pull+repository:base:pull') return false;
        const scope = token === undefined ? 'repository:x:pull' : 'repository:x:pull repository:base:pull';
        const error = token === undefined ? '' : ',error="insufficient_scope"';
        response.setHeader('WWW-Authenticate', `Bearer realm="${realm}",scope="${scope}"${error}`);
        fail(response, token === undefined ? 401 : status, 'DENIED', 'more');
        return true;
      });
      registry.intercept(/^\/token/, ({ url = '' }, response) => {
        const token = new URL(url, realm).searchParams.getAll('scope').join('+');
        send(response, Buffer.from(JSON.stringify({ token })));
        return true;
      });
      const source = open(`${registry.host}/x`);
      await resolveSource(source, AMD64);
      assert.equal(registry.seen(/token/).length, 2);
      await source.close();
    });
  }
  it('that buy ever the same refused token are given up', async () => {
    await using registry = await FakeRegistry.start();
    requireToken(registry, `http://${registry.host}/token`, 1);
    registry.intercept(/^\/v2\/x/, (_, response) => {
      response.setHeader(
        'WWW-Authenticate',
        `Bearer realm="http://${registry.host}/token",error="insufficient_scope"`,
      );
      fail(response, 403, 'DENIED', 'never');
      return true;
    });
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    await assert.rejects(resolveSource(source, AMD64), { code: 'credential-refused' });
    assert.ok(registry.seen(/token/).length <= 2);
    await source.close();
  });
  it('go out as Basic where that is what is asked for', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    registry.intercept(/^\/v2\/x/, ({ headers }, response) => {
      if (headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`) return false;
      response.setHeader('WWW-Authenticate', 'Basic realm="fake"');
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    await resolveSource(source, AMD64);
    await source.close();
    const wrong = open(`${registry.host}/x`, { authFile: await authFile(registry.host, 'me:wrong') });
    await assert.rejects(resolveSource(wrong, AMD64), { code: 'credential-refused' });
    await wrong.close();
  });
  it('that are an identity token are exchanged for a token by POST', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    let form = '';
    registry.intercept(/^\/token/, (request, response) => {
      request.on('data', (chunk) => (form += chunk));
      request.on('end', () => send(response, Buffer.from(JSON.stringify({ access_token: TOKEN }))));
      return true;
    });
    requireToken(registry, `http://${registry.host}/token`);
    const file = join(root, 'identity.json');
    await writeFile(file, JSON.stringify({ auths: { [registry.host]: { identitytoken: 'refresh' } } }));
    const source = open(`${registry.host}/x`, { authFile: new GivenAuthFile(file) });
    await resolveSource(source, AMD64);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(form)), {
      grant_type: 'refresh_token',
      client_id: 'berth',
      service: 'fake',
      scope: 'repository:x:pull',
      refresh_token: 'refresh',
    });
    await source.close();
  });
  it('that are refused are reported with the file they are from', async () => {
    await using registry = await FakeRegistry.start();
    requireToken(registry, `http://${registry.host}/token`);
    const given = await authFile(registry.host, 'me:wrong');
    const source = open(`${registry.host}/x`, { authFile: given });
    await assert.rejects(resolveSource(source, AMD64), (error: BerthError) => {
      assert.equal(error.code, 'credential-refused');
      assert.equal(error.hint, `berth login --authfile ${given.file} ${registry.host}`);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /wrong/);
      return true;
    });
    await source.close();
  });
  it('do not follow a redirect to another host, and are not asked for there', async () => {
    await using registry = await FakeRegistry.start();
    await using storage = await FakeRegistry.start();
    const image = registry.addImage('x', 'latest', { layers: [LAYER] });
    const [layer] = image.layers;
    assert.ok(layer);
    requireToken(registry, `http://${registry.host}/token`);
    registry.intercept(/blobs/, (request, response) => {
      response.writeHead(307, { location: `http://user:pass@${storage.host}${request.url}` }).end();
      return true;
    });
    const bytes = registry.blobs.get(layer.digest);
    assert.ok(bytes);
    storage.blobs.set(layer.digest, bytes);
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    assert.deepEqual(await read(source, layer), bytes);
    storage.intercept(/./, (_, response) => {
      response.setHeader('WWW-Authenticate', `Basic realm="x", Bearer realm="http://${storage.host}/token"`);
      fail(response, 401, 'UNAUTHORIZED', 'tell me');
      return true;
    });
    await assert.rejects(read(source, layer), { code: 'registry-unauthorized' });
    assert.equal(storage.requests.length, 2);
    assert.deepEqual(
      storage.requests.map(({ authorization }) => authorization),
      [undefined, undefined],
    );
    const shown = registry.seen(/blobs/).map(({ authorization }) => authorization?.split(' ')[0]);
    assert.deepEqual(shown, [undefined, 'Bearer', 'Bearer']);
    await source.close();
  });
  it('follow a redirect within the registry', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    requireToken(registry, `http://${registry.host}/token`);
    registry.intercept(/manifests\/latest$/, (_, response) => {
      response.writeHead(302, { location: '/v2/x/manifests/latest?again' }).end();
      return true;
    });
    registry.intercept(/again$/, (request, response) => {
      if (!request.headers.authorization) return false;
      send(response, registry.manifests.get('x:latest')?.bytes ?? Buffer.alloc(0));
      return true;
    });
    const source = open(`${registry.host}/x`, { authFile: await authFile(registry.host) });
    await resolveSource(source, AMD64);
    await source.close();
  });
});

describe('a redirect', () => {
  for (const [what, location] of [
    ['in a circle', '/v2/x/manifests/latest'],
    ['to a file', 'file:///etc/passwd'],
    ['to nothing', 'http://'],
  ] as const) {
    it(`${what} is refused`, async () => {
      await using registry = await FakeRegistry.start();
      registry.intercept(/manifests/, (_, response) => {
        response.writeHead(307, { location }).end();
        return true;
      });
      const source = open(`${registry.host}/x`);
      await assert.rejects(resolveSource(source, AMD64), { code: 'registry-protocol' });
      assert.ok(registry.seen(/manifests/).length <= 6);
      await source.close();
    });
  }
});

describe('a registry in trouble', () => {
  for (const status of [500, 502, 503, 504, 429]) {
    it(`that answers ${status} is asked again`, async () => {
      await using registry = await FakeRegistry.start();
      registry.addImage('x', 'latest');
      registry.intercept(/manifests|blobs/, (_, response, count) => {
        if (count > 2) return false;
        fail(response, status, 'TROUBLE', 'wait');
        return true;
      });
      const source = open(`${registry.host}/x`);
      await resolveSource(source, AMD64);
      await source.close();
    });
    it(`that only ever answers ${status} is given up`, async () => {
      await using registry = await FakeRegistry.start();
      registry.intercept(/manifests/, (_, response) => {
        fail(response, status, 'TROUBLE', 'wait');
        return true;
      });
      const source = open(`${registry.host}/x`);
      await assert.rejects(resolveSource(source, AMD64), {
        code: 'registry-unreachable',
        message: /TROUBLE: wait/,
      });
      assert.equal(registry.seen(/manifests/).length, 3);
      await source.close();
    });
  }
  it('is given the time that it asks for', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('x', 'latest');
    registry.intercept(/manifests/, (_, response, count) => {
      if (count > 1) return false;
      response.setHeader('Retry-After', '1');
      fail(response, 429, 'TOOMANYREQUESTS', 'slow down');
      return true;
    });
    const source = open(`${registry.host}/x`);
    const begun = performance.now();
    await resolveSource(source, AMD64);
    assert.ok(performance.now() - begun > 950);
    await source.close();
  });
  it('that asks for an hour is not waited for', async () => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/manifests/, (_, response) => {
      response.setHeader('Retry-After', '3600');
      fail(response, 429, 'TOOMANYREQUESTS', 'slow down');
      return true;
    });
    const source = open(`${registry.host}/x`);
    await assert.rejects(resolveSource(source, AMD64), { code: 'registry-unreachable' });
    assert.equal(registry.seen(/manifests/).length, 1);
    await source.close();
  });
  it('that says nothing is given up', async () => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/manifests/, () => true);
    const source = open(`${registry.host}/x`);
    await assert.rejects(resolveSource(source, AMD64), {
      code: 'registry-unreachable',
      message: /no answer for 0\.3 seconds/,
    });
    assert.equal(registry.seen(/manifests/).length, 3);
    await source.close();
  });
});

describe('a blob', () => {
  async function served(
    behave: (bytes: Buffer) => Parameters<FakeRegistry['intercept']>[1],
    patience = HASTY,
  ) {
    const registry = await FakeRegistry.start();
    const layer = registry.addBlob(LAYER, 'application/vnd.oci.image.layer.v1.tar');
    registry.intercept(/blobs/, behave(LAYER));
    const source = open(`${registry.host}/x`, { patience });
    const end = async (): Promise<void> => {
      await source.close();
      await registry.close();
    };
    return { registry, layer, source, [Symbol.asyncDispose]: end };
  }

  it('that breaks off goes on from there', async () => {
    await using test = await served((bytes) => (request, response) => {
      sendRange(response, bytes, request.headers.range, 40_000);
      return true;
    });
    assert.deepEqual(await read(test.source, test.layer), LAYER);
    const ranges = test.registry.seen(/blobs/).map(({ range }) => range);
    assert.deepEqual(ranges.slice(0, 3), [undefined, 'bytes=40000-', 'bytes=80000-']);
    assert.equal(ranges.length, 8);
  });
  it('that breaks off after its last byte is whole', async () => {
    await using test = await served((bytes) => (_, response) => {
      response.setHeader('Transfer-Encoding', 'chunked');
      response.write(bytes, () => response.destroy());
      return true;
    });
    assert.deepEqual(await read(test.source, test.layer), LAYER);
    assert.equal(test.registry.seen(/blobs/).length, 1);
  });
  it('that stalls goes on from there', async () => {
    await using test = await served((bytes) => (_, response, count) => {
      if (count > 1) return false;
      response.setHeader('Content-Length', bytes.length);
      response.write(bytes.subarray(0, 1000));
      return true;
    });
    assert.deepEqual(await read(test.source, test.layer), LAYER);
    assert.equal(test.registry.seen(/blobs/).at(-1)?.range, 'bytes=1000-');
  });
  it('of a server that knows no ranges is read again up to where it was', async () => {
    await using test = await served((bytes) => (_, response, count) => {
      sendRange(response, bytes, undefined, count * 120_000);
      return true;
    });
    assert.deepEqual(await read(test.source, test.layer), LAYER);
    assert.equal(test.registry.seen(/blobs/).length, 3);
  });
  it('that drips is given up, though it never stalls', async () => {
    await using test = await served(
      (bytes) =>
        ({ headers }, response) => {
          const start = Number(/[0-9]+/.exec(headers.range ?? '')?.[0] ?? 0);
          const size = bytes.length;
          response.writeHead(start === 0 ? 200 : 206, {
            'Content-Length': size - start,
            ...(start === 0 ? {} : { 'Content-Range': `bytes ${start}-${size - 1}/${size}` }),
          });
          let at = start;
          const drip = setInterval(() => response.write(bytes.subarray(at, ++at)), 20);
          response.on('close', () => clearInterval(drip));
          return true;
        },
      { ...HASTY, window: 500 },
    );
    await assert.rejects(read(test.source, test.layer), {
      code: 'registry-unreachable',
      message: /less than 30000 bytes came in 0\.5 seconds/,
    });
    assert.equal(test.registry.seen(/blobs/).length, 3);
  });
  it('that always breaks off at the same place is given up', async () => {
    await using test = await served((bytes) => (_, response) => {
      sendRange(response, bytes, undefined, 50_000);
      return true;
    });
    await assert.rejects(read(test.source, test.layer), { code: 'registry-unreachable' });
    assert.equal(test.registry.seen(/blobs/).length, 3);
  });
  it('with another part than was asked for is refused', async () => {
    for (const range of [
      'bytes 0-299999/300000',
      'bytes 40000-299999/300001',
      'bytes 40000-50000/300000',
      'x',
      undefined,
    ]) {
      await using test = await served((bytes) => (request, response) => {
        if (request.headers.range === undefined) sendRange(response, bytes, undefined, 40_000);
        else {
          response.writeHead(206, range === undefined ? {} : { 'Content-Range': range });
          response.end(bytes.subarray(40_000));
        }
        return true;
      });
      await assert.rejects(read(test.source, test.layer), { code: 'registry-protocol' });
    }
  });
  it('that is longer or shorter than named is refused before its end', async () => {
    for (const length of [LAYER.length + 1, LAYER.length - 1, 0]) {
      const bytes = Buffer.alloc(length);
      for (const isChunked of [true, false]) {
        await using test = await served(() => (_, response) => {
          if (isChunked) response.setHeader('Transfer-Encoding', 'chunked').end(bytes);
          else send(response, bytes);
          return true;
        });
        await assert.rejects(read(test.source, test.layer), { code: 'size-mismatch' });
        assert.equal(test.registry.seen(/blobs/).length, 1);
      }
    }
  });
  it('that goes on for ever is refused at once', async () => {
    await using test = await served((bytes) => (_, response) => {
      const more = (): void => void (response.destroyed || response.write(bytes, more));
      more();
      return true;
    });
    await assert.rejects(read(test.source, test.layer), { code: 'size-mismatch' });
  });
  it('whose end is only the end of the connection goes on after a cut', async () => {
    await using test = await served((bytes) => ({ headers, socket }, _response, count) => {
      if (count > 1) return false;
      assert.equal(headers.range, undefined);
      socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), bytes.subarray(0, 5000)]));
      return true;
    });
    assert.deepEqual(await read(test.source, test.layer), LAYER);
  });
  it('is left at once when the signal says so', async () => {
    await using test = await served((bytes) => (_, response) => {
      response.setHeader('Content-Length', bytes.length);
      response.write(bytes.subarray(0, 1000));
      return true;
    });
    const reason = new Error('interrupted');
    const controller = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const chunk of test.source.blob(test.layer, controller.signal)) {
        assert.equal(chunk.length, 1000);
        setTimeout(() => controller.abort(reason), 10);
      }
    };
    await assert.rejects(reading(), reason);
    await assert.rejects(read(test.source, test.layer, controller.signal), reason);
    assert.equal(test.registry.seen(/blobs/).length, 1);
  });
  it('may be read slowly', async () => {
    await using test = await served(() => () => false);
    let length = 0;
    for await (const chunk of test.source.blob(test.layer, AbortSignal.timeout(10_000))) {
      if (length === 0) await new Promise((resolve) => setTimeout(resolve, 700));
      length += chunk.length;
    }
    assert.equal(length, LAYER.length);
    assert.equal(test.registry.seen(/blobs/).length, 1);
  });
});
