import { BerthError } from '../errors.ts';
import type { Limits } from '../image/limits.ts';
import type { Paths } from '../paths.ts';
import { endpointsOf } from '../reference/endpoints.ts';
import { formatImageReference, type ImageReference } from '../reference/image-reference.ts';
import { loadRegistries } from '../reference/load-registries.ts';
import type { Reference, RegistryReference } from '../reference/reference.ts';
import { resolveShortName } from '../reference/short-name.ts';
import type { RegistrySettings } from '../settings.ts';
import { openAccess } from './registry/access.ts';
import type { Patience } from './registry/patience.ts';
import { RegistrySource } from './registry/registry-source.ts';
import { SearchSource } from './search-source.ts';
import type { ImageSource } from './source.ts';

export interface SourceOptions {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** berth.yaml's `registries`. */
  registries: RegistrySettings;
  /** The only auth file to look into. */
  authFile?: string | undefined;
  patience?: Patience;
  limits?: Limits;
}

/**
 * Where the image of a reference comes from; nothing is sent or read yet. To be closed when done.
 * Throws `short-name-unresolved`, `registry-blocked`, `registries-conf-invalid`, `reference-invalid`.
 */
export function openSource(reference: ImageReference, options: SourceOptions): ImageSource {
  switch (reference.kind) {
    case 'registry':
    case 'short':
      return openRegistries(reference, options);
    default:
      throw new BerthError('transport-unsupported', `not read yet: ${formatImageReference(reference)}`);
  }
}

function openRegistries(reference: Reference, options: SourceOptions): ImageSource {
  const registries = loadRegistries(options.paths, options.env);
  const access = { ...options, credentialHelpers: registries.credentialHelpers };
  const open = (full: RegistryReference): ImageSource =>
    new RegistrySource(full, endpointsOf(full, options.registries, registries), openAccess(access));
  switch (reference.kind) {
    case 'registry':
      return open(reference);
    case 'short': {
      const [first, ...others] = resolveShortName(reference, options.registries, registries);
      return others.length === 0 ? open(first) : new SearchSource([open(first), ...others.map(open)]);
    }
  }
}
