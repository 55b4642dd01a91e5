import { join } from 'node:path';
import { isPipe } from '../../../given-file.ts';
import type { Paths } from '../../../paths.ts';
import { AUTH_FILES } from '../../../reference/registries.ts';
import { AuthFile } from './auth-file.ts';
import type { Credential } from './credential.ts';
import { askHelper } from './credential-helper.ts';
import type { GivenAuthFile } from './given-auth-file.ts';

/** Where credentials come from: one file that was named, or the usual ones of containers-auth.json(5). */
export class Credentials {
  readonly #files: string[];
  readonly #given: GivenAuthFile | undefined;
  readonly #env: NodeJS.ProcessEnv;
  readonly #helpers: string[];

  /** `helpers` are asked in their order; `AUTH_FILES` among them stands for the files. */
  constructor(
    paths: Paths,
    env: NodeJS.ProcessEnv,
    given: GivenAuthFile | undefined,
    helpers: string[] = [AUTH_FILES],
  ) {
    this.#given = given;
    this.#files = given === undefined ? usualFiles(paths, env) : [given.file];
    this.#env = env;
    this.#helpers = helpers;
  }

  /** All files that are looked into, there or not, in this order. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** The file that a person would add credentials to. */
  get primary(): string {
    return this.#files[0] ?? 'auth.json';
  }

  /** What to run to have a credential where it is looked for first. */
  loginCommand(domain: string): string {
    // Into a pipe nothing can be written.
    const isPlace = this.#given !== undefined && !isPipe(this.primary);
    return ['berth login', ...(isPlace ? ['--authfile', this.primary] : []), domain].join(' ');
  }

  /**
   * The credential for a repository: of the first helper or file that has one, the one with the longest key.
   * Throws `auth-file-invalid` for a file that cannot be read, or was named and is not there.
   */
  async find(domain: string, path: string): Promise<Credential | undefined> {
    for (const helper of this.#helpers) {
      const found =
        helper === AUTH_FILES
          ? await this.#findInFiles(domain, path)
          : await askHelper(helper, domain, this.#env);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #findInFiles(domain: string, path: string): Promise<Credential | undefined> {
    const keys = keysOf(domain, path);
    for (const file of this.#files) {
      const found = await this.#findIn(file, keys, domain);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #findIn(file: string, keys: string[], domain: string): Promise<Credential | undefined> {
    const auth = this.#given === undefined ? AuthFile.read(file) : await this.#given.read();
    if (auth === undefined) return undefined;
    // A helper of the registry's own stands instead of the entries, the general store beside them.
    const helper = auth.helper(keys);
    if (helper !== undefined) return askHelper(helper, domain, this.#env);
    const entry = auth.credential(keys);
    if (entry !== undefined || auth.store === undefined) return entry;
    return askHelper(auth.store, domain, this.#env);
  }
}

function usualFiles(paths: Paths, env: NodeJS.ProcessEnv): string[] {
  const home = env['HOME'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'] || (home ? join(home, '.config') : undefined);
  const docker = env['DOCKER_CONFIG'] || (home ? join(home, '.docker') : undefined);
  return [
    runtime
      ? join(runtime, 'containers/auth.json')
      : paths.follow(`/run/containers/${process.getuid?.() ?? 0}/auth.json`),
    ...(config ? [join(config, 'containers/auth.json')] : []),
    ...(docker ? [join(docker, 'config.json')] : []),
  ];
}

/** `host/a/b`, `host/a`, `host`. */
function keysOf(domain: string, path: string): string[] {
  const components = path.split('/');
  return [
    ...components.map((_, index) => [domain, ...components.slice(0, components.length - index)].join('/')),
    domain,
  ];
}
