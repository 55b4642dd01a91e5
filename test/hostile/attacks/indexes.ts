import { digestOf } from '../../../src/image/descriptor.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import type { FakeRegistry } from '../../unit/transport/fake-registry.ts';
import type { Attack } from '../attack.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

/** An attack by an index over a good image, which `entries` may use or not. */
function byIndex(
  name: string,
  outcome: Attack['outcome'],
  entries: (
    image: Descriptor,
    add: (manifests: unknown[]) => Descriptor,
    registry: FakeRegistry,
    repository: string,
  ) => unknown[],
  more: Partial<Attack> = {},
): Attack {
  const place = (registry: FakeRegistry, repository: string) => {
    const layers = [new TarBuilder().file('f', 'x').end()];
    const { manifest } = registry.addImage(repository, 'image', { layers, config: { Cmd: ['/f'] } });
    const add = (manifests: unknown[]) => registry.addIndex(repository, 'inner', manifests as Descriptor[]);
    registry.addIndex(repository, 'latest', entries(manifest, add, registry, repository) as Descriptor[]);
  };
  return { name, outcome, place, ...more };
}

/** Indexes that lie or go on for ever. */
export const indexAttacks: Attack[] = [
  byIndex('an index that leads to itself', 'digest-mismatch', (image, _add, registry, repository) => {
    // No index can have its own digest in it: the registry has to lie.
    const self = {
      mediaType: OCI_INDEX,
      digest: digestOf(Buffer.from('self')),
      size: image.size,
      platform: AMD64,
    };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [self] }));
    registry.manifests.set(`${repository}@${self.digest}`, { bytes, mediaType: OCI_INDEX });
    return [{ ...self, size: bytes.length }];
  }),
  byIndex('indexes in indexes', 'limit-exceeded', (image, add) => {
    let inner = add([{ ...image, platform: AMD64 }]);
    for (let depth = 0; depth < 10; depth += 1) inner = add([{ ...inner, platform: AMD64 }]);
    return [{ ...inner, platform: AMD64 }];
  }),
  byIndex('an index of a thousand empty indexes', 'limit-exceeded', (_image, add) =>
    Array(1000).fill(add([])),
  ),
  byIndex('an index whose members lead nowhere but to each other', 'limit-exceeded', (_image, add) => {
    let level = add([]);
    for (let depth = 0; depth < 3; depth += 1) level = add(Array(40).fill(level));
    return Array(40).fill(level);
  }),
  byIndex(
    'an index that calls an index a manifest',
    'manifest-invalid',
    (image, add) => [{ ...add([{ ...image, platform: AMD64 }]), mediaType: OCI_MANIFEST, platform: AMD64 }],
    { cve: 'CVE-2021-41190 (OCI distribution and image spec)' },
  ),
  byIndex(
    'an index that calls a manifest an index',
    'manifest-invalid',
    (image) => [{ ...image, mediaType: OCI_INDEX, platform: AMD64 }],
    {
      cve: 'CVE-2021-41190 (OCI distribution and image spec)',
    },
  ),
  byIndex('an index that names another size', 'size-mismatch', (image) => [
    { ...image, size: image.size + 1, platform: AMD64 },
  ]),
  byIndex('an index that names a size of 1 GiB', 'limit-exceeded', (image) => [
    { ...image, size: 1 << 30, platform: AMD64 },
  ]),
  byIndex('an index that names another digest algorithm', 'digest-invalid', (image) => [
    { ...image, digest: 'sha1:abcd', platform: AMD64 },
  ]),
  byIndex(
    'an index that calls an image by another platform',
    'platform-unavailable',
    (_image, _add, registry, repository) => [
      { ...registry.addImage(repository, 'arm', { architecture: 'arm64' }).manifest, platform: AMD64 },
    ],
  ),
  byIndex('an index of nothing', 'platform-unavailable', () => []),
  byIndex('an index of attestations', 'platform-unavailable', (image) => [
    {
      ...image,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    },
  ]),
];
