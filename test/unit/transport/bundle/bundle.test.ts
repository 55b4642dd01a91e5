import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../../src/image/descriptor.ts';
import type { Descriptor } from '../../../../src/image/image.ts';
import { DEFAULT_LIMITS } from '../../../../src/image/limits.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseImageReference } from '../../../../src/reference/image-reference.ts';
import { bundleImages } from '../../../../src/transport/bundle/bundle-images.ts';
import { type Bundle, openBundle } from '../../../../src/transport/bundle/open-bundle.ts';
import { openSource } from '../../../../src/transport/open-source.ts';
import { scratch } from '../../layer/scratch.ts';
import { FakeRegistry } from '../fake-registry.ts';
import { resolveSource } from '../resolve-source.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const COMMON = randomBytes(200_000);
const OWN = randomBytes(1000);
const NEVER = new AbortController().signal;

interface Making {
  platforms?: (typeof AMD64)[];
  search?: string[];
  aliases?: Record<string, string>;
}

async function make(
  path: string,
  images: string[],
  { platforms = [AMD64], search = [], aliases = {} }: Making = {},
) {
  const registries = { search, aliases, insecure: [] };
  const open = (image: string) =>
    openSource(parseImageReference(image), { paths: new Paths(dirname(path)), env: {}, registries });
  const request = { images, open, platforms, limits: DEFAULT_LIMITS };
  return await bundleImages(path, request, { signal: NEVER, onProgress: () => {} });
}

async function using(path: string, work: (bundle: Bundle) => Promise<void> | void): Promise<void> {
  const bundle = await openBundle(path, { limits: DEFAULT_LIMITS, signal: NEVER });
  try {
    await work(bundle);
  } finally {
    await bundle.close();
  }
}

/** A registry with two images that have a layer in common, and one of two platforms. */
async function fill(registry: FakeRegistry) {
  const web = registry.addImage('web', '1', { layers: [COMMON] });
  const db = registry.addImage('sub/db', 'latest', { layers: [COMMON, OWN] });
  const [amd, arm] = [AMD64, ARM64].map((platform) => {
    const { manifest } = registry.addImage('both', platform.architecture, { layers: [OWN], ...platform });
    return { ...manifest, platform };
  });
  assert.ok(amd !== undefined && arm !== undefined);
  const both = registry.addIndex('both', '1', [arm, amd]);
  return { web, db, both, amd, arm };
}

const place = (context: TestContext, name = 'services.tar') => join(scratch(context), name);

test('the same images give the same bytes, whatever their order, and each blob once', async (context) => {
  await using registry = await FakeRegistry.start();
  await fill(registry);
  const images = [`${registry.host}/web:1`, `${registry.host}/sub/db`];
  const [one, two] = [place(context), place(context)];
  const { layers } = await make(one, images);
  await make(two, images.toReversed());
  assert.ok(readFileSync(one).equals(readFileSync(two)));
  assert.equal(layers, 2);
  assert.deepEqual(readdirSync(dirname(one)), ['services.tar']);
});

test('an image comes out as it was in its registry, under the name that it has there', async (context) => {
  await using registry = await FakeRegistry.start();
  const { web } = await fill(registry);
  const path = place(context);
  const name = `${registry.host}/web:1`;
  await make(path, [name]);
  await registry.close();
  await using(path, async (bundle) => {
    const source = bundle.open(name);
    const image = await resolveSource(source, AMD64);
    assert.deepEqual([source.name, image.descriptor.digest], [name, web.manifest.digest]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.blob(image.manifest.layers[0] as Descriptor, NEVER)) chunks.push(chunk);
    assert.equal(digestOf(Buffer.concat(chunks)), web.layers[0]?.digest);
  });
});

test('an index keeps its digest, and comes with the images of the platforms that were asked for', async (context) => {
  await using registry = await FakeRegistry.start();
  const { both, amd, arm } = await fill(registry);
  const name = `${registry.host}/both:1`;
  const path = place(context);
  await make(path, [name]);
  await using(path, async (bundle) => {
    const source = bundle.open(`${registry.host}/both@${both.digest}`);
    assert.equal((await source.top()).descriptor.digest, both.digest);
    assert.equal((await resolveSource(source, AMD64)).descriptor.digest, amd.digest);
    await assert.rejects(resolveSource(source, ARM64), {
      code: 'platform-unavailable',
      message: `not bundled for this platform: ${source.name}: ${path} was made without linux/arm64`,
    });
  });
  await make(path, [name], { platforms: [AMD64, ARM64] });
  await using(path, async (bundle) => {
    assert.equal((await resolveSource(bundle.open(name), ARM64)).descriptor.digest, arm.digest);
  });
});

test('what an earlier bundle has is not fetched again, unless it is damaged', async (context) => {
  await using registry = await FakeRegistry.start();
  const { db } = await fill(registry);
  const path = place(context);
  await make(path, [`${registry.host}/web:1`]);
  const blobs = () => registry.seen(/\/blobs\//).map(({ url }) => url.split('/').at(-1));
  registry.requests.length = 0;
  await make(path, [`${registry.host}/web:1`, `${registry.host}/sub/db`]);
  const [common, own] = db.layers.map(({ digest }) => digest);
  assert.ok(!blobs().includes(common));
  assert.ok(blobs().includes(own));

  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  const at = damaged.indexOf(registry.blobs.get(common ?? '') ?? '');
  damaged.writeUInt8(damaged.readUInt8(at + 100) ^ 1, at + 100);
  writeFileSync(path, damaged);
  registry.requests.length = 0;
  await make(path, [`${registry.host}/web:1`, `${registry.host}/sub/db`]);
  assert.ok(blobs().includes(common));
  assert.ok(readFileSync(path).equals(whole));
});

test('a file that is no bundle stays, and nothing half-made does', async (context) => {
  await using registry = await FakeRegistry.start();
  const { web } = await fill(registry);
  const path = place(context);
  writeFileSync(path, 'somebody’s');
  await assert.rejects(make(path, [`${registry.host}/web:1`]), { code: 'destination-exists' });
  assert.equal(readFileSync(path, 'utf8'), 'somebody’s');
  const [layer] = web.layers;
  assert.ok(layer);
  registry.blobs.set(layer.digest, randomBytes(layer.size));
  const other = place(context);
  await assert.rejects(make(other, [`${registry.host}/web:1`]), { code: 'digest-mismatch' });
  assert.deepEqual(readdirSync(dirname(other)), []);
});

test('a short name finds its image where nobody knows where it came from', async (context) => {
  await using registry = await FakeRegistry.start();
  await fill(registry);
  const path = place(context);
  const aliases = { shop: `${registry.host}/web` };
  const { images } = await make(path, ['db', `${registry.host}/sub/db`, 'shop:1'], {
    search: [`${registry.host}/sub`],
    aliases,
  });
  assert.deepEqual(
    images.map(({ name, spellings }) => [name, spellings]),
    [
      [`${registry.host}/sub/db:latest`, ['db']],
      [`${registry.host}/web:1`, ['shop:1']],
    ],
  );
  await using(path, (bundle) => {
    assert.equal(bundle.open('db').name, `${registry.host}/sub/db:latest`);
    assert.equal(bundle.open('shop:1').name, `${registry.host}/web:1`);
    assert.equal(bundle.open('web:1').name, `${registry.host}/web:1`);
  });
});

test('an image that is not there is answered with those that are', async (context) => {
  await using registry = await FakeRegistry.start();
  const { web } = await fill(registry);
  const path = place(context);
  const name = `${registry.host}/web:1`;
  await make(path, [name]);
  await using(path, (bundle) => {
    assert.throws(() => bundle.open(`${registry.host}/web:2`), {
      code: 'image-not-found',
      message: `not in the bundle: "${registry.host}/web:2": ${path} has "${name}"`,
    });
    assert.throws(() => bundle.open(`${name}@${digestOf(OWN)}`), {
      message: new RegExp(` has "${name} \\(${web.manifest.digest}\\)"$`),
    });
  });
});

test('a directory with archives is a bundle of all of them', async (context) => {
  await using registry = await FakeRegistry.start();
  await fill(registry);
  const disk = scratch(context);
  await make(join(disk, 'a.tar'), [`${registry.host}/web:1`]);
  await make(join(disk, 'b.tar'), [`${registry.host}/sub/db`]);
  writeFileSync(join(disk, 'photos.tar'), Buffer.alloc(1024));
  writeFileSync(join(disk, 'notes.txt'), '');
  await using(disk, (bundle) => {
    assert.equal(bundle.open('web:1').name, `${registry.host}/web:1`);
    assert.equal(bundle.open('db').name, `${registry.host}/sub/db:latest`);
  });
  registry.addImage('web', '1', { layers: [OWN] });
  await make(join(disk, 'c.tar'), [`${registry.host}/web:1`]);
  await using(disk, (bundle) => {
    assert.throws(() => bundle.open('web:1'), {
      code: 'usage',
      message: new RegExp(
        `: ${registry.host}/web:1 of ${disk}/a.tar, ${registry.host}/web:1 of ${disk}/c.tar$`,
      ),
    });
  });
});

test('a bundle may be unpacked, or compressed', async (context) => {
  await using registry = await FakeRegistry.start();
  const { web } = await fill(registry);
  const path = place(context);
  await make(path, [`${registry.host}/web:1`]);
  const unpacked = scratch(context);
  execFileSync('tar', ['-xf', path, '-C', unpacked]);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  for (const each of [unpacked, `${path}.gz`]) {
    await using(each, async (bundle) => {
      const image = await resolveSource(bundle.open('web:1'), AMD64);
      assert.equal(image.descriptor.digest, web.manifest.digest);
    });
  }
});

test('what a bundle says of its images is not believed before it is checked', async (context) => {
  await using registry = await FakeRegistry.start();
  const { web, db } = await fill(registry);
  const directory = scratch(context);
  const path = place(context);
  await make(path, [`${registry.host}/web:1`]);
  execFileSync('tar', ['-xf', path, '-C', directory]);
  const index = join(directory, 'index.json');
  const manifest = join(directory, 'blobs/sha256', web.manifest.digest.slice('sha256:'.length));
  const text = readFileSync(index, 'utf8');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"layers"', '"Layers"'));
  await using(directory, async (bundle) => {
    await assert.rejects(bundle.open('web:1').top(), { code: 'digest-mismatch' });
  });
  writeFileSync(index, text.replace(web.manifest.digest, db.manifest.digest));
  await using(directory, async (bundle) => {
    await assert.rejects(bundle.open('web:1').top(), { code: 'archive-invalid' });
  });
  writeFileSync(index, text.replace('"annotations":{', '"annotations":{"berth.image.spellings":"no list",'));
  await assert.rejects(
    using(directory, () => {}),
    { code: 'archive-invalid' },
  );
});

test('what has no named image is no bundle', async (context) => {
  const directory = scratch(context);
  await assert.rejects(
    using(directory, () => {}),
    { code: 'archive-invalid' },
  );
  writeFileSync(join(directory, 'a.tar'), Buffer.alloc(1024));
  await assert.rejects(
    using(join(directory, 'a.tar'), () => {}),
    { code: 'archive-invalid' },
  );
  await assert.rejects(
    using(join(directory, 'b.tar'), () => {}),
    { code: 'image-not-found' },
  );
});
