import type { DeploymentRecord } from '../../deployment/record.ts';
import { requestOf } from '../../deployment/service-request.ts';
import { BerthError } from '../../errors.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../image/digest.ts';
import { formatImageReference, parseImageReference } from '../../reference/image-reference.ts';
import type { Store } from '../../store/store.ts';
import type { WrittenService } from '../format-host.ts';

/** An installed service as it goes to another host. */
export interface ExportedService {
  service: WrittenService;
  /** What it is made of here, and the store that has it. */
  image: { name: string; digest: Digest };
  store: Store;
}

/** Describes an installed service by its record, and by how it is kept here. Throws `image-not-found` for one that is made of no image. */
export function exportedService(
  record: DeploymentRecord,
  kept: Pick<WrittenService, 'enabled' | 'started' | 'update'>,
  store: Store,
): ExportedService {
  const { service: name, image, rootfs } = record;
  if (rootfs !== undefined) {
    throw new BerthError(
      'image-not-found',
      `cannot export ${name}: it runs on ${rootfs.directory}, which is no image`,
      {
        hint: 'put that directory into an image',
      },
    );
  }
  const { settings, dependencies, sockets, mounts, resources } = requestOf(record);
  const written = exportedName(image.name);
  const service: WrittenService = {
    ...kept,
    name,
    image: written,
    // No registry has a tag like that.
    update: written === image.name ? kept.update : 'pinned',
    values: Object.fromEntries(settings),
    sockets,
    dependencies: { ...dependencies },
    mounts: [...mounts],
    resources: { ...resources },
  };
  return { service, image: { name: image.name, digest: image.manifestDigest }, store };
}

/** What an image is called where it is packed anew, and so has not the digest any more that its name may have. */
function exportedName(name: string): string {
  const reference = parseImageReference(name);
  if (reference.kind !== 'registry' || reference.digest === undefined) return name;
  const { digest } = reference;
  const tag = `${digestAlgorithm(digest)}-${digestHex(digest)}`.slice(0, 128);
  return formatImageReference({ ...reference, tag, digest: undefined });
}
