import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { BerthError, isErrno } from '../../../errors.ts';
import { writeDurably } from '../../../linux/durable.ts';
import { fileSystemError } from '../../../linux/file-system.ts';
import { AUTH_FILES } from '../../../reference/registries.ts';
import type { RegistryName } from '../../../reference/registry-name.ts';
import { AuthFile, normalKey } from './auth-file.ts';
import { eraseFromHelper, programOf, storeInHelper } from './credential-helper.ts';

export interface Login {
  username: string;
  password: string;
}

/**
 * Keeps credentials where the readers of an auth file find them (containers-auth.json(5)): in a helper where
 * the file names one, else in the file itself, which only its owner can read.
 */
export class CredentialKeeper {
  readonly file: string;
  readonly #env: NodeJS.ProcessEnv;
  /** What registries.conf wants asked before any file. */
  readonly #preferred: string | undefined;

  constructor(file: string, env: NodeJS.ProcessEnv, helpers: readonly string[] = [AUTH_FILES]) {
    this.file = file;
    this.#env = env;
    this.#preferred = helpers[0] === AUTH_FILES ? undefined : helpers[0];
  }

  /** Returns where it is kept now: a file or a program. Throws `auth-file-invalid`, `usage`, `no-space`, `io`. */
  async keep({ domain, key }: RegistryName, login: Login): Promise<string> {
    const helper = this.#helperFor([key, domain], AuthFile.read(this.file));
    if (helper === undefined) {
      const text = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      this.#edit((auths) => auths.set(key, { auth: text }));
      return this.file;
    }
    if (key !== domain) {
      throw new BerthError(
        'usage',
        `cannot keep credentials for a namespace: ${key}: ${programOf(helper)} knows only hosts`,
        {
          hint: `log in to ${domain}, or name another file with --authfile`,
        },
      );
    }
    await storeInHelper(helper, domain, login, this.#env);
    // As Docker does: an empty entry says that there is something, and `forgetAll` knows the name by it.
    this.#edit((auths) => auths.set(key, {}));
    return programOf(helper);
  }

  /** Forgets what is kept for a registry, in the file and by its helper. Returns its name, if the file had it. */
  async forget({ key }: RegistryName): Promise<string[]> {
    return await this.#forget((name) => name === key, [key]);
  }

  /** Forgets everything that the file has a name of; returns the names. */
  async forgetAll(): Promise<string[]> {
    return await this.#forget(() => true, []);
  }

  async #forget(isMeant: (name: string) => boolean, named: string[]): Promise<string[]> {
    const auth = AuthFile.read(this.file);
    const names = auth === undefined ? [] : this.#remove(isMeant);
    // A helper may have what no file has a name of.
    for (const name of new Set([...names, ...named])) {
      const helper = this.#helperFor([name], auth);
      if (helper !== undefined && !name.includes('/')) await eraseFromHelper(helper, name, this.#env);
    }
    return names;
  }

  #helperFor(keys: string[], auth: AuthFile | undefined): string | undefined {
    return this.#preferred ?? auth?.helper(keys) ?? auth?.store;
  }

  #remove(isMeant: (name: string) => boolean): string[] {
    const removed: string[] = [];
    this.#edit((auths) => {
      for (const written of auths.keys()) {
        if (isMeant(normalKey(written)) && auths.delete(written)) removed.push(normalKey(written));
      }
    });
    return removed;
  }

  /** Changes `auths` and nothing else of the file, which `AuthFile` has found to be in order; it stays its owner's. */
  #edit(change: (auths: Map<string, unknown>) => void): void {
    try {
      const place = existsSync(this.file) ? realpathSync(this.file) : this.file;
      mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
      const directory = openSync(dirname(place), constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        // The directory may be somebody else's, who puts symlinks there meanwhile: nothing of it is looked up twice.
        editFile(`/proc/self/fd/${directory}/${basename(place)}`, change);
      } finally {
        closeSync(directory);
      }
    } catch (error) {
      throw fileSystemError(error, 'cannot write the auth file', this.file);
    }
  }
}

function editFile(path: string, change: (auths: Map<string, unknown>) => void): void {
  const { text, owner } = readOwned(path) ?? { text: '{}', owner: undefined };
  const document = JSON.parse(text);
  const auths = new Map<string, unknown>(Object.entries(document.auths ?? {}));
  change(auths);
  const changed = { ...document, auths: Object.fromEntries(auths) };
  writeDurably(path, `${JSON.stringify(changed, null, '\t')}\n`, 0o600, owner);
}

/** What a file says, and whose it is; undefined where there is none. */
function readOwned(path: string): { text: string; owner: Stats } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return { text: readFileSync(file, 'utf8'), owner: fstatSync(file) };
  } finally {
    closeSync(file);
  }
}
