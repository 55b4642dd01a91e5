import { BerthError, unreachable } from '../errors.ts';
import type { Limits } from '../image/limits.ts';
import { endpointsOf } from '../reference/endpoints.ts';
import { formatImageReference, type ImageReference } from '../reference/image-reference.ts';
import { loadRegistries } from '../reference/load-registries.ts';
import { formatReference, type RegistryReference } from '../reference/reference.ts';
import { DockerArchiveDestination } from './archive/docker-archive-destination.ts';
import { LayoutArchiveDestination } from './archive/layout-archive-destination.ts';
import type { ImageDestination } from './destination.ts';
import { DirectoryDestination } from './dir/directory-destination.ts';
import { LayoutDestination } from './layout/layout-destination.ts';
import type { SourceOptions } from './open-source.ts';
import { openAccess } from './registry/access.ts';
import { PATIENCE } from './registry/patience.ts';
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
      return new LayoutDestination(reference);
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
  const { paths, env, registries: settings, authFile, from, patience = PATIENCE } = options;
  const registries = loadRegistries(paths, env);
  // Mirrors are for reading; the last is the image's own registry.
  const endpoint = endpointsOf(reference, settings, registries).at(-1);
  if (endpoint === undefined) throw new TypeError('a reference without an endpoint');
  const near = from?.kind === 'registry' ? from : undefined;
  const { credentialHelpers } = registries;
  const access = openAccess({ paths, env, authFile, credentialHelpers, patience });
  return new RegistryDestination(endpoint, access, near);
}
