import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE } from '../../../src/transport/registry/http/patience.ts';
import { FakeProxy } from './fake-proxy.ts';
import { FakeRegistry, fail } from './fake-registry.ts';
import { resolveSource } from './resolve-source.ts';
import { selfSigned } from './self-signed.ts';

const SECRET = Buffer.from('me:secret').toString('base64');
const PROXY_SECRET = Buffer.from('you:pa ss').toString('base64');

let root: string;
let tls: { key: Buffer; cert: Buffer };
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-proxy-'));
  tls = await selfSigned(root);
});
after(() => rm(root, { recursive: true }));

async function resolve(host: string, env: NodeJS.ProcessEnv, insecure: string[] = []): Promise<string> {
  const authFile = join(root, 'auth.json');
  await writeFile(authFile, JSON.stringify({ auths: { [host]: { auth: SECRET } } }));
  const source = openSource(parseReference(`${host}/x`), {
    paths: new Paths(join(root, 'nothing')),
    env: { SSL_CERT_FILE: join(root, 'cert'), ...env },
    registries: { search: [], aliases: {}, insecure },
    authFile: new GivenAuthFile(authFile),
    patience: { ...PATIENCE, attempts: 2, firstDelay: 1 },
  });
  try {
    return (await resolveSource(source, { os: 'linux', architecture: 'amd64' })).descriptor.digest;
  } finally {
    await source.close();
  }
}

function requireBasic(registry: FakeRegistry): void {
  registry.intercept(/^\/v2\/x/, ({ headers }, response) => {
    if (headers.authorization === `Basic ${SECRET}`) return false;
    response.setHeader('WWW-Authenticate', 'Basic realm="fake"');
    fail(response, 401, 'UNAUTHORIZED', 'authentication required');
    return true;
  });
}

describe('a registry behind a proxy', () => {
  it('is spoken to through a tunnel, which the registry knows nothing of and the proxy sees nothing in', async () => {
    await using registry = await FakeRegistry.start(tls);
    await using proxy = await FakeProxy.start();
    const { digest } = registry.addImage('x', 'latest').manifest;
    requireBasic(registry);
    assert.equal(
      await resolve(registry.remoteHost, { HTTPS_PROXY: `http://you:pa%20ss@${proxy.host}` }),
      digest,
    );
    assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${registry.remoteHost}`]);
    assert.equal(proxy.headers[0]?.['proxy-authorization'], `Basic ${PROXY_SECRET}`);
    assert.equal(proxy.headers[0]?.authorization, undefined);
    assert.ok(registry.requests.every(({ headers }) => headers['proxy-authorization'] === undefined));
  });
  it('has its own certificate checked', async () => {
    await using registry = await FakeRegistry.start(tls);
    await using proxy = await FakeProxy.start();
    const env = { HTTPS_PROXY: proxy.host, SSL_CERT_FILE: '' };
    await assert.rejects(resolve(registry.remoteHost, env), { message: /self-signed certificate/ });
    assert.equal(registry.requests.length, 0);
  });
  it('without TLS is asked for by the proxy, where it was declared insecure', async () => {
    await using registry = await FakeRegistry.start();
    await using proxy = await FakeProxy.start();
    const { digest } = registry.addImage('x', 'latest').manifest;
    requireBasic(registry);
    const host = registry.remoteHost;
    assert.equal(await resolve(host, { HTTP_PROXY: `http://you:pa%20ss@${proxy.host}` }, [host]), digest);
    assert.equal(proxy.asked[0], `GET http://${host}/v2/x/manifests/latest`);
    assert.ok(proxy.headers.every((headers) => headers['proxy-authorization'] === `Basic ${PROXY_SECRET}`));
    assert.deepEqual([...new Set(registry.requests.map(({ headers }) => headers['host']))], [host]);
    assert.ok(registry.requests.every(({ authorization }) => authorization !== `Basic ${PROXY_SECRET}`));
  });
  it('is asked itself where NO_PROXY covers it, or it is this machine', async () => {
    await using registry = await FakeRegistry.start(tls);
    await using proxy = await FakeProxy.start();
    const { digest } = registry.addImage('x', 'latest').manifest;
    assert.equal(await resolve(registry.host, { HTTPS_PROXY: proxy.host }), digest);
    assert.equal(
      await resolve(registry.remoteHost, { HTTPS_PROXY: proxy.host, NO_PROXY: '0.0.0.0' }),
      digest,
    );
    assert.deepEqual(proxy.asked, []);
  });
  for (const [status, attempts] of [
    [407, 1],
    [403, 1],
    [502, 2],
  ] as const) {
    it(`is asked for ${attempts} times while the proxy answers ${status}`, async () => {
      await using registry = await FakeRegistry.start(tls);
      await using proxy = await FakeProxy.start();
      proxy.status = status;
      const env = { HTTPS_PROXY: `http://you:secret@${proxy.host}` };
      await assert.rejects(resolve(registry.remoteHost, env), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'registry-unreachable');
        assert.match(
          error.message,
          new RegExp(`proxy does not connect: ${proxy.host}: it answered ${status}`),
        );
        assert.doesNotMatch(`${error.message} ${error.cause}`, /secret/);
        return true;
      });
      assert.equal(proxy.asked.length, attempts);
      assert.equal(registry.requests.length, 0);
    });
  }
  it('is reported with the proxy that cannot be reached', async () => {
    await assert.rejects(resolve('registry.example', { HTTPS_PROXY: 'http://127.0.0.1:1' }), {
      code: 'registry-unreachable',
      message: /cannot reach the proxy: 127\.0\.0\.1:1: .*ECONNREFUSED/,
    });
  });
});
