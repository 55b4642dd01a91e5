import { BerthError, unreachable } from '../errors.ts';
import type { Limits } from '../image/limits.ts';
import { formatImageReference, type ImageReference } from '../reference/image-reference.ts';
import { formatReference, type RegistryReference } from '../reference/reference.ts';
import { DockerArchiveDestination } from './archive/docker-archive-destination.ts';
import { LayoutArchiveDestination } from './archive/layout-archive-destination.ts';
import type { ImageDestination } from './destination.ts';
import { DirectoryDestination } from './dir/directory-destination.ts';
import { LayoutDestination } from './layout/layout-destination.ts';
import type { SourceOptions } from './open-source.ts';
import { openOwnRegistry } from './registry/own-registry.ts';
import { RegistryDestination } from './registry/registry-destination.ts';

export interface DestinationOptions extends SourceOptions {
  limits: Limits;
  /** Where the image comes from: blobs can be mounted from another repository of the same registry. */
  from: ImageReference | undefined;
}

/**
 * Where an image goes; nothing is sent or written yet. To be closed when done. Throws `reference-invalid`
 * for a short name, since nobody can know which registry would be meant, and for what is only for reading;
 * `transport-unsupported`, `destination-exists`, `registry-blocked`, `registries-conf-invalid`.
 */
export function openDestination(reference: ImageReference, options: DestinationOptions): ImageDestination {
  switch (reference.kind) {
    case 'registry':
      return openRegistry(reference, options);
    case 'short':
      throw new BerthError(
        'reference-invalid',
        `not a destination: ${formatReference(reference)}: it names no registry`,
        { hint: `write it in full: REGISTRY/${formatReference(reference)}` },
      );
    case 'oci':
      return new LayoutDestination(reference, options.limits);
    case 'oci-archive':
      return new LayoutArchiveDestination(reference);
    case 'docker-archive':
      return new DockerArchiveDestination(reference, options.limits);
    case 'dir':
      return new DirectoryDestination(reference);
    case 'docker-daemon':
    case 'ostree':
      throw new BerthError(
        'transport-unsupported',
        `cannot write there: ${formatImageReference(reference)}: ${reference.kind} is only for reading`,
        { hint: 'berth copy IMAGE docker-archive:FILE, and docker load --input FILE' },
      );
    default:
      return unreachable(reference);
  }
}

function openRegistry(reference: RegistryReference, options: DestinationOptions): ImageDestination {
  const near = options.from?.kind === 'registry' ? options.from : undefined;
  return new RegistryDestination(openOwnRegistry(reference, options), near);
}
