import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseImageDocument, parseIndex, parseManifest } from '../../../src/image/manifest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../src/image/media-type.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const manifest = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: { mediaType: OCI_CONFIG, digest: DIGEST, size: 100 },
  layers: [{ mediaType: LAYER, digest: DIGEST, size: 0 }],
  annotations: { 'org.example': 'yes' },
};
const index = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [
    { mediaType: OCI_MANIFEST, digest: DIGEST, size: 7, platform: { os: 'linux', architecture: 'amd64' } },
  ],
};

function bytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** The manifest with one value put somewhere else, by a path such as `layers.0.size`. */
function changed(base: object, path: string, value: unknown): Buffer {
  const copy = structuredClone(base) as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let at = copy;
  for (const step of steps) at = at[step] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return bytes(copy);
}

describe('parseManifest', () => {
  it('reads an OCI manifest', () => {
    assert.deepEqual(parseManifest(bytes(manifest), OCI_MANIFEST), {
      mediaType: OCI_MANIFEST,
      config: manifest.config,
      layers: manifest.layers,
      annotations: { 'org.example': 'yes' },
    });
  });
  it('reads one that nobody called anything', () => {
    assert.equal(parseManifest(changed(manifest, 'mediaType', undefined)).mediaType, OCI_MANIFEST);
    assert.equal(
      parseManifest(changed(manifest, 'mediaType', undefined), 'application/json').layers.length,
      1,
    );
  });
  it('reads a Docker schema 2 manifest', () => {
    const docker = {
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { mediaType: DOCKER_CONFIG, digest: DIGEST, size: 1 },
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: DIGEST, size: 1 }],
    };
    assert.equal(parseManifest(bytes(docker), DOCKER_MANIFEST).mediaType, DOCKER_MANIFEST);
  });
  it('leaves urls and inline data of a descriptor behind', () => {
    const layer = { ...manifest.layers[0], urls: ['http://evil.example/'], data: 'AAAA' };
    assert.deepEqual(parseManifest(changed(manifest, 'layers', [layer])).layers, manifest.layers);
  });
  it('takes __proto__ for a key like any other', () => {
    const text = JSON.stringify(manifest).replace('"org.example"', '"__proto__"');
    const { annotations } = parseManifest(Buffer.from(text));
    assert.deepEqual(Object.keys(annotations), ['__proto__']);
  });

  const refused: Array<[string, string, unknown, string, RegExp?]> = [
    ['a negative size', 'layers.0.size', -1, 'manifest-invalid', /layers\[0\]\.size/],
    ['an absent size', 'layers.0.size', undefined, 'manifest-invalid', /layers\[0\]\.size.*absent/],
    ['a fraction as size', 'layers.0.size', 1.5, 'manifest-invalid'],
    ['a size as text', 'layers.0.size', '5', 'manifest-invalid'],
    ['a size beyond what a double carries', 'config.size', 2 ** 53, 'manifest-invalid'],
    ['a size of null', 'config.size', null, 'manifest-invalid'],
    ['an unknown digest algorithm', 'layers.0.digest', `md5:${'0'.repeat(32)}`, 'digest-invalid'],
    ['an upper-case digest', 'config.digest', DIGEST.toUpperCase(), 'digest-invalid', /config\.digest/],
    ['a digest that is a list', 'config.digest', [[[]]], 'manifest-invalid'],
    ['no config', 'config', undefined, 'manifest-invalid', /config: not an object: absent/],
    [
      'a config of another type',
      'config.mediaType',
      'application/vnd.cncf.helm.config.v1+json',
      'media-type-unsupported',
    ],
    ['a config that is a layer', 'config.mediaType', LAYER, 'media-type-unsupported'],
    ['no layers', 'layers', undefined, 'manifest-invalid'],
    ['layers that are an object', 'layers', {}, 'manifest-invalid', /layers: not a list/],
    ['a layer of an unknown type', 'layers.0.mediaType', 'application/x-lzma', 'media-type-unsupported'],
    ['an encrypted layer', 'layers.0.mediaType', `${LAYER}+encrypted`, 'media-type-unsupported'],
    ['1001 layers', 'layers', Array(1001).fill(manifest.layers[0]), 'limit-exceeded'],
    ['a manifest that is an index too', 'manifests', [], 'manifest-invalid', /at once/],
    ['a manifest that calls itself an index', 'mediaType', OCI_INDEX, 'manifest-invalid'],
    ['schema version 1', 'schemaVersion', 1, 'media-type-unsupported'],
    ['schema version 3', 'schemaVersion', 3, 'manifest-invalid'],
    ['no schema version', 'schemaVersion', undefined, 'manifest-invalid'],
    ['an unknown type', 'mediaType', 'text/html', 'media-type-unsupported'],
    ['annotations that are no text', 'annotations', { a: 1 }, 'manifest-invalid', /annotations\.a/],
  ];
  for (const [what, path, value, code, message] of refused) {
    it(`refuses ${what}`, () => {
      const expected = message === undefined ? { code } : { code, message };
      assert.throws(() => parseManifest(changed(manifest, path, value)), expected);
    });
  }
  it('refuses an index, and a manifest that was called one', () => {
    assert.throws(() => parseManifest(bytes(index)), { code: 'manifest-invalid' });
    assert.throws(() => parseManifest(bytes(manifest), OCI_INDEX), { code: 'manifest-invalid' });
    const silent = changed(manifest, 'mediaType', undefined);
    assert.throws(() => parseManifest(silent, OCI_INDEX), { code: 'manifest-invalid' });
    assert.throws(() => parseManifest(silent, 'text/html'), { code: 'media-type-unsupported' });
  });
  for (const [what, text] of [
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a mere number', '5'],
    ['half a document', '{"schemaVersion":2,'],
    ['a byte order mark', `\ufeff${JSON.stringify(manifest)}`],
    ['a deep nest', '['.repeat(200_000)],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseImageDocument(Buffer.from(text)), { code: 'manifest-invalid' });
    });
  }
  it('refuses bytes that are no UTF-8', () => {
    assert.throws(() => parseImageDocument(Buffer.from([0x22, 0xff, 0x22])), { code: 'manifest-invalid' });
  });
  it('reads 4 MiB and no more', () => {
    const padded = Buffer.concat([bytes(manifest), Buffer.alloc(4 * 1024 * 1024, ' ')]);
    assert.throws(() => parseManifest(padded), { code: 'limit-exceeded' });
    assert.equal(parseManifest(padded.subarray(0, 4 * 1024 * 1024)).layers.length, 1);
  });
});

describe('parseIndex', () => {
  it('reads an OCI index and a Docker manifest list', () => {
    assert.deepEqual(parseIndex(bytes(index)).manifests, index.manifests);
    assert.equal(parseIndex(changed(index, 'mediaType', DOCKER_INDEX), DOCKER_INDEX).mediaType, DOCKER_INDEX);
  });
  it('refuses a manifest, and an index that was called one', () => {
    assert.throws(() => parseIndex(bytes(manifest)), { code: 'manifest-invalid' });
    assert.throws(() => parseIndex(bytes(index), OCI_MANIFEST), { code: 'manifest-invalid' });
    assert.throws(() => parseIndex(changed(index, 'layers', [])), { code: 'manifest-invalid' });
  });
});

it('a manifest of nothing but brackets, which would take 300 MB of memory, is refused', () => {
  for (const text of ['['.repeat(4 << 20), `[${'{},'.repeat(1 << 20)}{}]`]) {
    assert.throws(() => parseManifest(Buffer.from(text)), { code: 'limit-exceeded', message: /values/ });
  }
  const strings = JSON.stringify({ schemaVersion: 2, note: '[{,\\",'.repeat(300_000) });
  assert.throws(() => parseManifest(Buffer.from(strings)), { code: 'manifest-invalid' });
});
