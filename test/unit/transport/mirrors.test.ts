import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BerthError } from '../../../src/errors.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { pullImage } from '../../../src/layer/pull.ts';
import { Paths } from '../../../src/paths.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE } from '../../../src/transport/registry/http/patience.ts';
import type { ImageSource } from '../../../src/transport/source.ts';
import { scratchStore } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { FakeRegistry, fail, type Intercept, send, sendRange } from './fake-registry.ts';
import { resolveSource } from './resolve-source.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const LAYER = randomBytes(300_000);

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-mirrors-'));
});
after(() => rm(root, { recursive: true }));

/** The image x of a registry that has mirrors with it as copy/x. */
async function mirrored(own: FakeRegistry, ...mirrors: FakeRegistry[]): Promise<ImageSource> {
  const other = await mkdtemp(join(root, 'mirrored-'));
  await mkdir(join(other, 'etc/containers'), { recursive: true });
  const places = mirrors.map(({ host }) => `[[registry.mirror]]\nlocation = "${host}/copy"\n`);
  await writeFile(
    join(other, 'etc/containers/registries.conf'),
    `[[registry]]\nlocation = "${own.host}"\n${places.join('')}`,
  );
  const entries = [own, ...mirrors].map(({ host }) => [host, { auth: secretFor(host) }]);
  await writeFile(join(other, 'auth.json'), JSON.stringify({ auths: Object.fromEntries(entries) }));
  return openSource(parseReference(`${own.host}/x`), {
    paths: new Paths(other),
    env: {},
    authFile: new GivenAuthFile(join(other, 'auth.json')),
    registries: { search: [], aliases: {}, insecure: [] },
    patience: { ...PATIENCE, stall: 3000, attempts: 3, firstDelay: 1, longestDelay: 5 },
  });
}

/** Every registry has a credential of its own. */
function secretFor(host: string): string {
  return Buffer.from(`me:${host}`).toString('base64');
}

async function read(source: ImageSource, descriptor: Descriptor): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.blob(descriptor, AbortSignal.timeout(10_000))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a mirror', () => {
  it('has the image and its blobs, under the name of the original', async () => {
    await using own = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    const image = mirror.addImage('copy/x', 'latest', { layers: [LAYER] });
    const source = await mirrored(own, mirror);
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, image.manifest.digest);
    assert.equal(source.name, `${own.host}/x:latest`);
    await read(source, image.config);
    assert.equal(own.requests.length, 0);
    await source.close();
  });
  it('that does not have the image is passed over', async () => {
    await using own = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    const image = own.addImage('x', 'latest');
    const source = await mirrored(own, mirror);
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, image.manifest.digest);
    await read(source, image.config);
    assert.equal(mirror.seen(/blobs/).length, 0);
    own.manifests.clear();
    await assert.rejects(resolveSource(source, AMD64), (error: BerthError) => {
      assert.match(error.message, new RegExp(`^not found: ${own.host}/x:latest`));
      assert.ok(error.cause instanceof AggregateError);
      return true;
    });
    await source.close();
  });

  const damages: Array<[what: string, handler: Intercept, ranges: Array<string | undefined>]> = [
    [
      'that lacks a blob',
      (_, response) => {
        fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
        return true;
      },
      [undefined],
    ],
    [
      'that breaks off within a blob',
      (request, response) => {
        sendRange(response, LAYER, request.headers.range, 100_000);
        return true;
      },
      ['bytes=200000-'],
    ],
    [
      'that stalls within a blob',
      (_, response) => {
        response.setHeader('Content-Length', LAYER.length);
        response.write(LAYER.subarray(0, 1000));
        return true;
      },
      ['bytes=1000-'],
    ],
    [
      'that asks to be left alone for a while',
      (_, response) => {
        response.setHeader('Retry-After', '1');
        fail(response, 429, 'TOOMANYREQUESTS', 'slow down');
        return true;
      },
      [undefined],
    ],
    [
      'with a blob of another size',
      (_, response) => {
        send(response, LAYER.subarray(1));
        return true;
      },
      [undefined],
    ],
    [
      'whose blob goes on after its end',
      (_, response) => {
        response.write(LAYER);
        response.write('more');
        return true;
      },
      [],
    ],
  ];
  for (const [what, handler, ranges] of damages) {
    it(`${what} is gone on from at the image's own registry`, async () => {
      await using own = await FakeRegistry.start();
      await using mirror = await FakeRegistry.start();
      const [layer] = own.addImage('x', 'latest', { layers: [LAYER], compression: 'none' }).layers;
      mirror.addImage('copy/x', 'latest', { layers: [LAYER], compression: 'none' });
      assert.ok(layer);
      mirror.intercept(new RegExp(layer.digest), handler);
      const source = await mirrored(own, mirror);
      await resolveSource(source, AMD64);
      assert.deepEqual(await read(source, layer), LAYER);
      assert.deepEqual(
        own.requests.filter(({ url }) => url.includes(layer.digest)).map(({ range }) => range),
        ranges,
      );
      await source.close();
    });
  }
  it('that has other documents than were named is passed over for them', async () => {
    await using own = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    const image = own.addImage('x', 'amd64');
    const index = [{ ...image.manifest, platform: AMD64 }];
    own.addIndex('x', 'latest', index);
    mirror.addIndex('copy/x', 'latest', index);
    mirror.manifests.set(`copy/x@${image.manifest.digest}`, {
      bytes: Buffer.alloc(image.manifest.size, ' '),
      mediaType: image.manifest.mediaType,
    });
    mirror.blobs.set(image.config.digest, Buffer.from('{}'));
    const source = await mirrored(own, mirror);
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, image.manifest.digest);
    assert.equal(own.requests.filter(({ url }) => url.includes(image.config.digest)).length, 1);
    await source.close();
  });
  it('that has damaged a layer is passed over by a pull', async (test) => {
    await using own = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    const layers = ['a', 'b'].map((name) => new TarBuilder().file(name, randomBytes(50_000)).end());
    own.addImage('x', 'latest', { layers });
    const image = mirror.addImage('copy/x', 'latest', { layers });
    const damaged = image.layers[1];
    assert.ok(damaged);
    const bytes = mirror.blobs.get(damaged.digest);
    assert.ok(bytes);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    const source = await mirrored(own, mirror);
    const { store } = scratchStore(test);
    await pullImage(store, source, { platform: AMD64 });
    assert.equal(own.seen(new RegExp(damaged.digest)).length, 1);
    await source.close();

    own.blobs.set(damaged.digest, bytes);
    const again = await mirrored(own, mirror);
    const other = scratchStore(test).store;
    await assert.rejects(pullImage(other, again, { platform: AMD64 }), { code: 'digest-mismatch' });
    await again.close();
  });
  it('is followed by the next mirror, and all that failed are told', async () => {
    await using own = await FakeRegistry.start();
    await using first = await FakeRegistry.start();
    await using second = await FakeRegistry.start();
    const [layer] = second.addImage('copy/x', 'latest', { layers: [LAYER] }).layers;
    assert.ok(layer);
    const source = await mirrored(own, first, second);
    await resolveSource(source, AMD64);
    assert.equal((await read(source, layer)).length, layer.size);
    assert.equal(own.requests.length, 0);
    second.blobs.clear();
    await assert.rejects(read(source, layer), (error: BerthError) => {
      assert.equal(error.code, 'registry-not-found');
      assert.match(error.message, new RegExp(own.host));
      assert.ok(error.cause instanceof AggregateError);
      assert.match(String(error.cause.errors), new RegExp(second.host));
      return true;
    });
    assert.equal(first.seen(/blobs/).length, 0);
    await source.close();
  });
  it('does not get the credentials of the original, nor the other way round', async () => {
    await using own = await FakeRegistry.start();
    await using mirror = await FakeRegistry.start();
    for (const registry of [own, mirror]) {
      registry.intercept(/manifests/, (_, response) => {
        response.setHeader('WWW-Authenticate', 'Basic realm="fake"');
        fail(response, 401, 'UNAUTHORIZED', 'authentication required');
        return true;
      });
    }
    const source = await mirrored(own, mirror);
    await assert.rejects(resolveSource(source, AMD64), { code: 'credential-refused' });
    const shown = (registry: FakeRegistry): string[] =>
      registry.requests.flatMap(({ authorization }) => authorization ?? []);
    assert.deepEqual(shown(own), [`Basic ${secretFor(own.host)}`]);
    assert.deepEqual(shown(mirror), [`Basic ${secretFor(mirror.host)}`]);
    await source.close();
  });
});
