import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import type { FakeRegistry } from '../../unit/transport/fake-registry.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byImage, gzipLayer, type PlacedLayer } from '../place-image.ts';

const layer = (): PlacedLayer => gzipLayer(new TarBuilder().file('f', 'x').end());
const lying = (lies: object) => () => ({ layers: [{ ...layer(), lies }] });
const digest = `sha256:${'ab'.repeat(32)}`;
const isRead = (rootfs: string) => assert.equal(readFileSync(join(rootfs, 'f'), 'utf8'), 'x');

/** An attack by the bytes of a manifest. */
function byBytes(
  name: string,
  outcome: Attack['outcome'],
  bytes: () => Buffer,
  mediaType = OCI_MANIFEST,
): Attack {
  return {
    name,
    outcome,
    place: (registry, repository) =>
      registry.manifests.set(`${repository}:latest`, { bytes: bytes(), mediaType }),
  };
}

/** Puts an image into the registry and its manifest under another media type. */
function calledAnIndex(registry: FakeRegistry, repository: string): void {
  registry.addImage(repository, 'latest', { layers: [] });
  const found = registry.manifests.get(`${repository}:latest`) ?? assert.fail();
  const { mediaType: _own, ...silent } = JSON.parse(found.bytes.toString());
  registry.manifests.set(`${repository}:latest`, {
    bytes: Buffer.from(JSON.stringify(silent)),
    mediaType: OCI_INDEX,
  });
}

/** Manifests that lie, or that two programs read in two ways. */
export const manifestAttacks: Attack[] = [
  byImage(
    'a manifest that is an index too',
    'manifest-invalid',
    () => ({ layers: [layer()], manifest: { manifests: [] } }),
    {
      cve: 'CVE-2021-41190 (OCI distribution and image spec)',
    },
  ),
  {
    name: 'a manifest that the registry calls an index',
    cve: 'CVE-2021-41190 (OCI distribution and image spec)',
    outcome: 'manifest-invalid',
    place: calledAnIndex,
  },
  byImage(
    'a manifest that calls itself an index',
    'manifest-invalid',
    () => ({ layers: [layer()], manifest: { mediaType: OCI_INDEX } }),
    {
      cve: 'CVE-2021-41190 (OCI distribution and image spec)',
    },
  ),
  byImage('a manifest of schema 1', 'media-type-unsupported', () => ({
    manifest: { schemaVersion: 1, mediaType: undefined },
  })),
  byImage('a manifest without a schema', 'manifest-invalid', () => ({
    manifest: { schemaVersion: undefined },
  })),
  byImage('an artifact', 'media-type-unsupported', () => ({
    manifest: { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest, size: 2 } },
  })),
  byImage('a config that is a layer', 'media-type-unsupported', () => ({
    manifest: { config: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 2 } },
  })),
  byImage(
    'a layer that is encrypted',
    'media-type-unsupported',
    lying({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }),
  ),
  byImage('a layer that is a config', 'media-type-unsupported', lying({ mediaType: OCI_CONFIG })),
  byImage('a negative size of a layer', 'manifest-invalid', lying({ size: -1 })),
  byImage('no size of a layer', 'manifest-invalid', lying({ size: undefined })),
  byImage('a size that is text', 'manifest-invalid', lying({ size: '10' })),
  byImage('a size beyond numbers', 'manifest-invalid', lying({ size: 2 ** 60 })),
  byImage('a size of 8 PiB that nobody has', 'no-space', lying({ size: 2 ** 53 - 1 })),
  byImage('a size that is too small', 'size-mismatch', lying({ size: 10 })),
  byImage('a size that is too large', 'size-mismatch', lying({ size: 100_000 })),
  byImage('a digest in upper case', 'digest-invalid', lying({ digest: digest.toUpperCase() })),
  byImage(
    'a digest of an algorithm that is broken',
    'digest-invalid',
    lying({ digest: `md5:${'0'.repeat(32)}` }),
  ),
  byImage('a digest that is too short', 'digest-invalid', lying({ digest: 'sha512:abcd' })),
  byImage(
    'a digest that is a path',
    'digest-invalid',
    lying({ digest: `sha256:../../../../..${CANARY}/secret` }),
    {
      cve: 'CVE-2024-3727 (containers/image)',
    },
  ),
  byImage('a digest that is a list', 'manifest-invalid', lying({ digest: [digest] })),
  byImage(
    'a layer that is to be fetched elsewhere',
    'harmless',
    lying({ urls: ['http://127.0.0.1:9/elsewhere', 'file:///etc/shadow'] }),
    {
      cve: 'CVE-2020-15157 (containerd)',
      holds: isRead,
      seen: ({ requests }) => assert.ok(requests.every(({ url }) => url.startsWith('/v2/'))),
    },
  ),
  byImage(
    'a layer with other content in itself',
    'harmless',
    lying({ data: Buffer.from('other').toString('base64') }),
    { holds: isRead },
  ),
  byImage('keys of prototypes', 'harmless', () => ({
    layers: [layer()],
    manifest: JSON.parse('{"annotations":{"__proto__":"x","constructor":"y"},"__proto__":{"size":1}}'),
  })),
  byImage('no layers in the manifest, one in the config', 'image-config-invalid', () => ({
    layers: [layer()],
    manifest: { layers: [] },
  })),
  byBytes('a manifest of nothing', 'manifest-invalid', () => Buffer.alloc(0)),
  byBytes('a manifest of HTML', 'manifest-invalid', () => Buffer.from('<html>log in first</html>')),
  byBytes('a manifest of brackets', 'limit-exceeded', () => Buffer.alloc(4 << 20, '[')),
  byBytes('a manifest of empty objects', 'limit-exceeded', () => Buffer.from(`[${'{},'.repeat(1 << 20)}{}]`)),
  byBytes('a manifest of one long string', 'manifest-invalid', () =>
    Buffer.from(`"${'x'.repeat(4_000_000)}"`),
  ),
  byBytes('a manifest of 5 MiB', 'limit-exceeded', () => Buffer.alloc(5 << 20, ' ')),
  byBytes('a manifest with a byte order mark', 'manifest-invalid', () =>
    Buffer.from('\ufeff{"schemaVersion":2}'),
  ),
  byBytes('a manifest that is no UTF-8', 'manifest-invalid', () =>
    Buffer.from('{"schemaVersion":2,"a":"\xff"}', 'latin1'),
  ),
];
