import { DEFAULT_LIMITS, type Limits } from '../../image/limits.ts';
import type { Paths } from '../../paths.ts';
import type { RegistrySettings } from '../../settings.ts';
import { Credentials } from './auth/credentials.ts';
import type { GivenAuthFile } from './auth/given-auth-file.ts';
import { Certificates } from './http/certificates.ts';
import { Connections } from './http/connections.ts';
import { PATIENCE, type Patience } from './http/patience.ts';
import { Proxies } from './http/proxies.ts';
import { Routes } from './http/routes.ts';

export interface AccessOptions {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** The only auth file to look into. */
  authFile?: GivenAuthFile | undefined;
  /** registries.conf's `credential-helpers`. */
  credentialHelpers: string[];
  patience?: Patience;
  limits?: Limits;
}

/** The same for who has not read registries.conf yet. */
export interface RegistryOptions extends Omit<AccessOptions, 'credentialHelpers'> {
  /** berth.yaml's `registries`. */
  registries: RegistrySettings;
}

/** What it takes to speak to registries. `connections` are to be closed when done. */
export interface RegistryAccess {
  connections: Connections;
  credentials: Credentials;
  patience: Patience;
}

/** Nothing is read or sent yet. Throws `settings-invalid` for a proxy that makes no URL. */
export function openAccess(options: AccessOptions): RegistryAccess {
  const { paths, env, authFile, credentialHelpers, patience = PATIENCE, limits = DEFAULT_LIMITS } = options;
  const routes = new Routes(new Certificates(paths, env), new Proxies(env), patience.stall);
  return {
    connections: new Connections(routes, { patience, limits }),
    credentials: new Credentials(paths, env, authFile, credentialHelpers),
    patience,
  };
}
