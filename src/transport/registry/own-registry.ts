import type { Limits } from '../../image/limits.ts';
import type { Paths } from '../../paths.ts';
import { endpointsOf } from '../../reference/endpoints.ts';
import { loadRegistries } from '../../reference/load-registries.ts';
import type { RegistryReference } from '../../reference/reference.ts';
import type { RegistrySettings } from '../../settings.ts';
import { openAccess, type RegistryAccess } from './access.ts';
import type { Patience } from './patience.ts';
import { RegistryClient } from './registry-client.ts';

export interface OwnRegistryOptions {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** berth.yaml's `registries`. */
  registries: RegistrySettings;
  authFile?: string | undefined;
  patience?: Patience;
  limits?: Limits;
}

/** A repository where it is written and where all of it is: mirrors are only for reading images. */
export interface OwnRegistry {
  client: RegistryClient;
  /** Its connections are to be closed when done. */
  access: RegistryAccess;
}

/** Nothing is sent yet. Throws `registry-blocked`, `registries-conf-invalid`. */
export function openOwnRegistry(reference: RegistryReference, options: OwnRegistryOptions): OwnRegistry {
  const registries = loadRegistries(options.paths, options.env);
  const { credentialHelpers } = registries;
  const [first, ...others] = endpointsOf(reference, options.registries, registries);
  const access = openAccess({ ...options, credentialHelpers });
  const client = new RegistryClient(others.at(-1) ?? first, access.connections, access.credentials);
  return { client, access };
}
