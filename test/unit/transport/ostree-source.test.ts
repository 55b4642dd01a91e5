import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import { digestHex } from '../../../src/image/digest.ts';
import { readGvariantString } from '../../../src/transport/ostree/gvariant-text.ts';
import { scratch } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { makeAtomicRepository } from './atomic-repository.ts';
import { CONFIG_BYTES, describe, LAYERS, MANIFEST_BYTES, readAll } from './sample-image.ts';

const options = existsSync('/usr/bin/ostree') ? {} : { skip: 'ostree is not installed' };
const HEX = JSON.parse(MANIFEST_BYTES.toString()).layers.map(({ digest }: { digest: string }) =>
  digest.slice(7),
);

function repository(context: TestContext, layers = LAYERS): string {
  return makeAtomicRepository(scratch(context), {
    branch: 'ociimage/registry.example_2Fme_2Fetcd_3A3.4',
    manifest: MANIFEST_BYTES,
    config: { hex: digestHex(digestOf(CONFIG_BYTES)), bytes: CONFIG_BYTES },
    layers: layers.map((archive, position) => ({ hex: HEX[position], archive })),
  });
}

test(
  'an image of atomic is found by its name and by its branch, with its config and layers byte for byte',
  options,
  async (context) => {
    const repo = repository(context);
    for (const ref of ['registry.example/me/etcd:3.4', 'ociimage/registry.example_2Fme_2Fetcd_3A3.4']) {
      const { name, config, layers } = await readAll(`ostree:${repo}:${ref}`);
      assert.equal(name, `ostree:${repo}:${ref}`);
      assert.deepEqual(config, CONFIG_BYTES);
      assert.deepEqual(layers, LAYERS);
    }
  },
);

test('its digest is the same each time', options, async (context) => {
  const ref = 'registry.example/me/etcd:3.4';
  const [one, other] = [
    await readAll(`ostree:${repository(context)}:${ref}`),
    await readAll(`ostree:${repository(context)}:${ref}`),
  ];
  assert.equal(one.digest, other.digest);
});

test(
  'a layer of many files, empty ones and whiteouts among them, comes back whole',
  options,
  async (context) => {
    const tar = new TarBuilder().directory('many/').file('many/.wh.gone').file('many/-v', 'not an option');
    for (let count = 0; count < 450; count += 1)
      tar.file(`many/${count} ${Buffer.from('ü').toString('latin1')}`, 'x'.repeat(count));
    const archive = tar.end();
    const config = Buffer.from(
      JSON.stringify({
        ...JSON.parse(CONFIG_BYTES.toString()),
        rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
      }),
    );
    const manifest = {
      ...JSON.parse(MANIFEST_BYTES.toString()),
      config: describe('application/vnd.oci.image.config.v1+json', config),
    };
    const repo = makeAtomicRepository(scratch(context), {
      branch: 'ociimage/many_3Alatest',
      manifest: Buffer.from(JSON.stringify({ ...manifest, layers: manifest.layers.slice(0, 1) })),
      config: { hex: digestHex(digestOf(config)), bytes: config },
      layers: [{ hex: HEX[0], archive }],
    });
    assert.deepEqual((await readAll(`ostree:${repo}:many`)).layers, [archive]);
  },
);

test('what is not there is not found', options, async (context) => {
  const repo = repository(context);
  await assert.rejects(readAll(`ostree:${repo}:etcd`), {
    code: 'image-not-found',
    hint: `ostree refs --repo=${repo}`,
  });
  await assert.rejects(readAll(`ostree:${join(repo, 'nowhere')}:etcd`), { code: 'archive-invalid' });
});

test('a branch without an image is none', options, async (context) => {
  const directory = scratch(context);
  const repo = repository(context);
  execFileSync('ostree', ['commit', `--repo=${repo}`, '--branch=ociimage/os', directory], {
    stdio: 'ignore',
  });
  await assert.rejects(readAll(`ostree:${repo}:ociimage/os`), {
    code: 'archive-invalid',
    message: /"docker\.manifest"/,
  });
});

test('a layer whose files do not fit its headers is refused', options, async (context) => {
  const repo = repository(context);
  const empty = scratch(context);
  const show = (key: string) =>
    readGvariantString(
      execFileSync(
        'ostree',
        ['show', `--repo=${repo}`, `--print-metadata-key=${key}`, `ociimage/${HEX[0]}`],
        { encoding: 'utf8' },
      ),
    );
  const keep = ['docker.uncompressed_size', 'tarsplit.output'].map(
    (key) => `--add-metadata-string=${key}=${show(key)}`,
  );
  execFileSync('ostree', ['commit', `--repo=${repo}`, `--branch=ociimage/${HEX[0]}`, ...keep, empty], {
    stdio: 'ignore',
  });
  await assert.rejects(readAll(`ostree:${repo}:registry.example/me/etcd:3.4`), {
    code: 'archive-invalid',
    message: /ostree cat/,
  });
});

test('a config that is not the one of the manifest is refused', options, async (context) => {
  const repo = repository(context);
  const tree = scratch(context);
  writeFileSync(join(tree, 'content'), CONFIG_BYTES.toString().replace('/bin/server', '/bin/sorver'));
  const branch = `--branch=ociimage/${digestHex(digestOf(CONFIG_BYTES))}`;
  execFileSync('ostree', ['commit', `--repo=${repo}`, branch, tree], { stdio: 'ignore' });
  await assert.rejects(readAll(`ostree:${repo}:registry.example/me/etcd:3.4`), { code: 'digest-mismatch' });
});

test('a string is read as GVariant prints it', () => {
  assert.equal(readGvariantString("'plain'\n"), 'plain');
  assert.equal(readGvariantString('"it\'s \\"this\\"\\n\\\\ \\u00fc\\U0001f600"\n'), 'it\'s "this"\n\\ ü😀');
  assert.equal(readGvariantString('uint32 5\n'), undefined);
  assert.equal(readGvariantString("'cut"), undefined);
  assert.equal(readGvariantString("'"), undefined);
  assert.equal(readGvariantString(`'${'x'.repeat(2 ** 25)}'`)?.length, 2 ** 25);
});
