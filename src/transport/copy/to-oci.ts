import { digestOf } from '../../image/descriptor.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../image/media-type.ts';
import type { CopyDocument } from './read-documents.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const FOREIGN_LAYER = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

/** Docker's media types, and what OCI calls the same bytes. */
const OCI_NAMES = new Map([
  [DOCKER_INDEX, OCI_INDEX],
  [DOCKER_MANIFEST, OCI_MANIFEST],
  [DOCKER_CONFIG, OCI_CONFIG],
  ['application/vnd.docker.image.rootfs.diff.tar', LAYER],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', `${LAYER}+gzip`],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', `${LAYER}+zstd`],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', FOREIGN_LAYER],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', `${FOREIGN_LAYER}+gzip`],
]);

interface Document {
  mediaType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

/**
 * The same documents in OCI's types, children first: other digests for manifests that were Docker's and
 * for the indexes above them; configs and layers stay, byte for byte. What is OCI's already is left alone.
 */
export function toOci(documents: CopyDocument[]): CopyDocument[] {
  const changed = new Map<Digest, Descriptor>();
  return documents.map((document) => {
    const before: Document = JSON.parse(document.bytes.toString('utf8'));
    const renamed = <Named extends { mediaType: string }>(named: Named): Named => ({
      ...named,
      mediaType: OCI_NAMES.get(named.mediaType) ?? named.mediaType,
    });
    const after: Document = {
      ...before,
      ...(before.config && { config: renamed(before.config) }),
      ...(before.layers && { layers: before.layers.map(renamed) }),
      ...(before.manifests && {
        manifests: before.manifests.map((entry) => ({ ...entry, ...changed.get(entry.digest) })),
      }),
    };
    const mediaType = OCI_NAMES.get(document.descriptor.mediaType) ?? document.descriptor.mediaType;
    if (before.mediaType !== undefined || mediaType !== document.descriptor.mediaType)
      after.mediaType = mediaType;
    if (JSON.stringify(after) === JSON.stringify(before)) return document;
    const bytes = Buffer.from(JSON.stringify(after));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    changed.set(document.descriptor.digest, descriptor);
    return { ...document, descriptor: { ...document.descriptor, ...descriptor }, bytes };
  });
}
