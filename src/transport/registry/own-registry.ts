import { endpointsOf } from '../../reference/endpoints.ts';
import { loadRegistries } from '../../reference/load-registries.ts';
import type { RegistryReference } from '../../reference/reference.ts';
import { openAccess, type RegistryAccess, type RegistryOptions } from './access.ts';
import { RegistryClient } from './registry-client.ts';

/** A repository where it is written and where all of it is: mirrors are only for reading images. */
export interface OwnRegistry {
  client: RegistryClient;
  /** Its connections are to be closed when done. */
  access: RegistryAccess;
}

/** Nothing is sent yet. Throws `registry-blocked`, `registries-conf-invalid`. */
export function openOwnRegistry(reference: RegistryReference, options: RegistryOptions): OwnRegistry {
  const registries = loadRegistries(options.paths, options.env);
  const { credentialHelpers } = registries;
  const [first, ...others] = endpointsOf(reference, options.registries, registries);
  const access = openAccess({ ...options, credentialHelpers });
  const client = new RegistryClient(others.at(-1) ?? first, access.connections, access.credentials);
  return { client, access };
}
