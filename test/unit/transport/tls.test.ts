import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BerthError } from '../../../src/errors.ts';
import { Paths } from '../../../src/paths.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE } from '../../../src/transport/registry/http/patience.ts';
import { FakeRegistry, fail } from './fake-registry.ts';
import { resolveSource } from './resolve-source.ts';
import { selfSigned } from './self-signed.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const SECRET = Buffer.from('me:secret').toString('base64');

let root: string;
let tls: { key: Buffer; cert: Buffer };
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-tls-'));
  tls = await selfSigned(root);
});
after(() => rm(root, { recursive: true }));

interface Trust {
  env?: NodeJS.ProcessEnv;
  insecure?: string[];
  root?: string;
}

async function resolve(host: string, trust: Trust = {}): Promise<string> {
  const authFile = join(root, 'auth.json');
  await writeFile(authFile, JSON.stringify({ auths: { [host]: { auth: SECRET } } }));
  const source = openSource(parseReference(`${host}/x`), {
    paths: new Paths(trust.root ?? join(root, 'nothing')),
    env: trust.env ?? {},
    registries: { search: [], aliases: {}, insecure: trust.insecure ?? [] },
    authFile: new GivenAuthFile(authFile),
    patience: { ...PATIENCE, stall: 2000, attempts: 2, firstDelay: 1 },
  });
  try {
    return (await resolveSource(source, AMD64)).descriptor.digest;
  } finally {
    await source.close();
  }
}

/** A root directory with the certificate as authority for a host, and as the client's own if so. */
async function trusting(host: string, isClient = false): Promise<string> {
  const other = await mkdtemp(join(root, 'root-'));
  const folder = join(other, 'etc/containers/certs.d', host);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ca.crt'), tls.cert);
  if (isClient) {
    await writeFile(join(folder, 'client.cert'), tls.cert);
    await writeFile(join(folder, 'client.key'), tls.key);
  }
  return other;
}

describe('a registry with TLS', () => {
  it('is the only one that the authorities of the system are read for', async () => {
    await using plain = await FakeRegistry.start();
    await using secure = await FakeRegistry.start(tls);
    const { digest } = plain.addImage('x', 'latest').manifest;
    const env = { SSL_CERT_FILE: join(root, 'nothing') };
    assert.equal(await resolve(plain.host, { env }), digest);
    await assert.rejects(resolve(secure.host, { env }), { code: 'settings-invalid' });
  });
  it('is trusted by certs.d, by SSL_CERT_FILE, or as insecure', async () => {
    await using registry = await FakeRegistry.start(tls);
    const { digest } = registry.addImage('x', 'latest').manifest;
    assert.equal(await resolve(registry.host, { root: await trusting(registry.host) }), digest);
    assert.equal(await resolve(registry.host, { env: { SSL_CERT_FILE: join(root, 'cert') } }), digest);
    assert.equal(await resolve(registry.remoteHost, { insecure: [registry.remoteHost] }), digest);
  });
  it('is not trusted otherwise, on this machine neither, and gets no request', async () => {
    await using registry = await FakeRegistry.start(tls);
    for (const host of [registry.host, registry.remoteHost]) {
      await assert.rejects(resolve(host), (error: BerthError) => {
        assert.equal(error.code, 'registry-unreachable');
        assert.match(error.message, /self-signed certificate$/);
        assert.match(error.hint ?? '', /certs\.d/);
        return true;
      });
    }
    assert.equal(registry.requests.length, 0);
  });
  it('is not asked at all while the certificates for it cannot be used', async () => {
    await using registry = await FakeRegistry.start();
    const other = await trusting(registry.host, true);
    await rm(join(other, 'etc/containers/certs.d', registry.host, 'client.key'));
    await assert.rejects(resolve(registry.host, { root: other }), {
      code: 'settings-invalid',
      message: /client\.key/,
    });
    assert.equal(registry.requests.length, 0);
  });
  it('is shown the client certificate of certs.d', async () => {
    await using registry = await FakeRegistry.start({ ...tls, requestCert: true, ca: tls.cert });
    const { digest } = registry.addImage('x', 'latest').manifest;
    assert.equal(await resolve(registry.host, { root: await trusting(registry.host, true) }), digest);
    await assert.rejects(resolve(registry.host, { root: await trusting(registry.host) }), {
      code: 'registry-unreachable',
      message: /refused the TLS handshake/,
    });
  });
  it('has its certificates in the folder of docker where containers has none', async () => {
    await using registry = await FakeRegistry.start({ ...tls, requestCert: true, ca: tls.cert });
    const { digest } = registry.addImage('x', 'latest').manifest;
    const other = await trusting(registry.host, true);
    await rename(join(other, 'etc/containers'), join(other, 'etc/docker'));
    assert.equal(await resolve(registry.host, { root: other }), digest);
    await mkdir(join(other, 'etc/containers/certs.d', registry.host), { recursive: true });
    await assert.rejects(resolve(registry.host, { root: other }), { message: /self-signed certificate/ });
  });
  it('is not asked where a key has no certificate', async () => {
    await using registry = await FakeRegistry.start(tls);
    const other = await trusting(registry.host, true);
    const folder = join(other, 'etc/containers/certs.d', registry.host);
    await rename(join(folder, 'client.cert'), join(folder, 'client.crt'));
    await assert.rejects(resolve(registry.host, { root: other }), {
      code: 'settings-invalid',
      message: /client\.key: no certificate that ends in \.cert/,
    });
  });
  it('lends nothing of its trust to a host that it redirects to', async () => {
    await using registry = await FakeRegistry.start();
    await using elsewhere = await FakeRegistry.start(tls);
    registry.intercept(/manifests/, ({ url }, response) => {
      response.writeHead(307, { location: `https://${elsewhere.remoteHost}${url}` }).end();
      return true;
    });
    await assert.rejects(resolve(registry.remoteHost, { insecure: [registry.remoteHost] }), {
      code: 'registry-unreachable',
      message: /self-signed certificate/,
    });
  });
  it('cannot lead to plain HTTP by a redirect', async () => {
    await using registry = await FakeRegistry.start(tls);
    await using plain = await FakeRegistry.start();
    plain.addImage('x', 'latest');
    registry.intercept(/manifests/, ({ url }, response) => {
      response.writeHead(307, { location: `http://${plain.host}${url}` }).end();
      return true;
    });
    await assert.rejects(resolve(registry.host, { insecure: [registry.host] }), {
      code: 'registry-protocol',
      message: /from https to http/,
    });
    assert.equal(plain.requests.length, 0);
  });
  it('cannot have its tokens fetched over plain HTTP', async () => {
    await using registry = await FakeRegistry.start(tls);
    await using plain = await FakeRegistry.start();
    registry.intercept(/manifests/, (_, response) => {
      response.setHeader('WWW-Authenticate', `Bearer realm="http://${plain.host}/token"`);
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });
    await assert.rejects(resolve(registry.host, { insecure: [registry.host] }), {
      code: 'registry-protocol',
      message: /not over https/,
    });
    assert.equal(plain.requests.length, 0);
  });
});

describe('a registry without TLS', () => {
  it('is spoken to only where it was declared insecure, or is this machine', async () => {
    await using registry = await FakeRegistry.start();
    const { digest } = registry.addImage('x', 'latest').manifest;
    assert.equal(await resolve(registry.host), digest);
    const before = registry.requests.length;
    await assert.rejects(resolve(registry.remoteHost), (error: BerthError) => {
      assert.equal(error.code, 'registry-unreachable');
      assert.match(error.message, /does not speak TLS/);
      assert.match(error.hint ?? '', /insecure = true/);
      return true;
    });
    assert.equal(registry.requests.length, before);
    assert.equal(await resolve(registry.remoteHost, { insecure: [registry.remoteHost] }), digest);
  });
  it('does not get credentials to another host in clear by naming it as realm', async () => {
    await using registry = await FakeRegistry.start();
    await using realm = await FakeRegistry.start();
    registry.intercept(/manifests/, (_, response) => {
      response.setHeader('WWW-Authenticate', `Bearer realm="http://${realm.remoteHost}/token"`);
      fail(response, 401, 'UNAUTHORIZED', 'authentication required');
      return true;
    });
    await assert.rejects(resolve(registry.host), { code: 'registry-protocol', message: /a token for/ });
    assert.deepEqual(
      realm.requests.map(({ url, authorization }) => [url, authorization]),
      [['/token?scope=repository%3Ax%3Apull', undefined]],
    );
  });
});
