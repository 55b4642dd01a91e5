import { DEFAULT_LIMITS, type Limits } from '../../image/limits.ts';
import type { Paths } from '../../paths.ts';
import { AUTH_FILES } from '../../reference/registries.ts';
import { Certificates } from './certificates.ts';
import { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { PATIENCE, type Patience } from './patience.ts';
import { Proxies } from './proxies.ts';
import { Routes } from './routes.ts';

export interface AccessOptions {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** The only auth file to look into. */
  authFile?: string | undefined;
  /** registries.conf's `credential-helpers`. */
  credentialHelpers?: string[];
  patience?: Patience;
  limits?: Limits;
}

/** What it takes to speak to registries. `connections` are to be closed when done. */
export interface RegistryAccess {
  connections: Connections;
  credentials: Credentials;
  patience: Patience;
}

/** Nothing is read or sent yet. Throws `settings-invalid` for a proxy that makes no URL. */
export function openAccess(options: AccessOptions): RegistryAccess {
  const {
    paths,
    env,
    authFile,
    credentialHelpers = [AUTH_FILES],
    patience = PATIENCE,
    limits = DEFAULT_LIMITS,
  } = options;
  return {
    connections: new Connections(new Routes(new Certificates(paths, env), new Proxies(env), patience.stall), {
      patience,
      limits,
    }),
    credentials: new Credentials(paths, env, authFile, credentialHelpers),
    patience,
  };
}
