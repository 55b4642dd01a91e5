import assert from 'node:assert/strict';
import { parseDigest } from '../../../src/image/digest.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { type ImageDocument, parseImageDocument } from '../../../src/image/manifest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../src/image/media-type.ts';
import { type FuzzKind, isRefusal } from '../kind.ts';
import { type Json, mutateJson } from '../mutate/json.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

const described = (mediaType: string, more: { [key: string]: Json } = {}): Json => ({
  mediaType,
  digest: DIGEST,
  size: 1234,
  ...more,
});
const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };

const DOCUMENTS: Json[] = [
  {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: described(OCI_CONFIG),
    layers: [
      described(`${OCI_LAYER}+gzip`),
      described(`${OCI_LAYER}+zstd`),
      described(OCI_LAYER, { urls: ['https://registry.example.com/x'] }),
    ],
    annotations: { 'org.opencontainers.image.title': 'x' },
  },
  { schemaVersion: 2, config: described(OCI_CONFIG, { data: 'e30=' }), layers: [] },
  {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: described(DOCKER_CONFIG),
    layers: [described(DOCKER_LAYER)],
  },
  {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      described(OCI_MANIFEST, { platform }),
      described(OCI_INDEX),
      described(OCI_MANIFEST, { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
    ],
  },
  { schemaVersion: 2, mediaType: DOCKER_INDEX, manifests: [described(DOCKER_MANIFEST, { platform })] },
  { schemaVersion: 1, name: 'x', tag: 'y', fsLayers: [{ blobSum: DIGEST }], history: [] },
];

const WORDS = [
  ...[
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_INDEX,
    OCI_CONFIG,
    DOCKER_CONFIG,
    OCI_LAYER,
    DOCKER_LAYER,
    'text/plain',
  ],
  ...'schemaVersion mediaType config layers manifests annotations platform digest size urls data artifactType subject'.split(
    ' ',
  ),
  ...[
    DIGEST,
    DIGEST.toUpperCase(),
    `sha512:${'ab'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    '__proto__',
    'toString',
    '\ud83d',
  ],
];

/** What a registry may call a document. */
const NAMED = [undefined, '', 'application/json', OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX];

/** Manifests and indexes. */
export const manifest: FuzzKind = {
  share: 0.1,
  codes: ['manifest-invalid', 'digest-invalid', 'media-type-unsupported', 'limit-exceeded'],

  make: (random) => mutateJson(random.pick(DOCUMENTS), WORDS, random),

  read(bytes) {
    const documents: ImageDocument[] = [];
    let refusal: unknown;
    for (const mediaType of NAMED) {
      try {
        documents.push(parseImageDocument(bytes, mediaType));
      } catch (error) {
        if (!isRefusal(manifest, error)) throw error;
        refusal = error;
      }
    }
    for (const document of documents) checkDocument(document);
    // Read as one of the two, it must never be the other too, whatever it is called (CVE-2021-41190).
    assert.ok(new Set(documents.map(({ kind }) => kind)).size <= 1, 'a manifest and an index at once');
    if (documents.length === 0) throw refusal;
  },
};

function checkDocument(document: ImageDocument): void {
  if (document.kind === 'index') {
    for (const entry of document.index.manifests) checkDescriptor(entry);
    return;
  }
  checkDescriptor(document.manifest.config);
  for (const layer of document.manifest.layers) checkDescriptor(layer);
}

function checkDescriptor({ digest, size, mediaType }: Descriptor): void {
  assert.equal(parseDigest(digest), digest);
  assert.ok(Number.isSafeInteger(size) && size >= 0);
  assert.equal(typeof mediaType, 'string');
}
