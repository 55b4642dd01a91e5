import { BerthError, isErrno, messageOf } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import { readRegularText } from '../../../regular-file.ts';
import type { Credential } from './credential.ts';

/** One auth file: containers-auth.json(5), or Docker's config.json, which has the same members. */
export class AuthFile {
  readonly file: string;
  readonly #entries: Map<string, unknown>;
  readonly #helpers: Map<string, unknown>;
  readonly #store: unknown;

  private constructor(file: string, members: Map<string, unknown>) {
    this.file = file;
    this.#entries = new Map(
      [...this.#members(members.get('auths'), 'auths')].map(([key, value]) => [normalKey(key), value]),
    );
    this.#helpers = this.#members(members.get('credHelpers'), 'credHelpers');
    this.#store = members.get('credsStore');
  }

  /** Undefined when there is no such file. Throws `auth-file-invalid`. */
  static read(file: string): AuthFile | undefined {
    try {
      return AuthFile.parse(readRegularText(file), file);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw unreadable(error, file);
    }
  }

  /** Throws `auth-file-invalid`. */
  static parse(text: string, file: string): AuthFile {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The parser's message would show a piece of the file, and these files hold passwords.
      throw new BerthError('auth-file-invalid', `not JSON: ${file}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BerthError('auth-file-invalid', `wrong value: ${file}: the file must be an object`);
    }
    return new AuthFile(file, new Map(Object.entries(value)));
  }

  /** The first entry among keys, such as `host/team` and `host`. Throws `auth-file-invalid`. */
  credential(keys: string[]): Credential | undefined {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined || entry === null) continue;
      const credential = this.#credentialOf(this.#members(entry, `auths.${key}`), key);
      if (credential !== undefined) return credential;
    }
    return undefined;
  }

  /** The credential helper for the first of the keys that has one of its own. */
  helper(keys: string[]): string | undefined {
    const key = keys.find((candidate) => this.#helpers.has(candidate));
    return key === undefined ? undefined : this.#helperName(this.#helpers.get(key), `credHelpers.${key}`);
  }

  /** The helper that has all the others. */
  get store(): string | undefined {
    return this.#store === undefined || this.#store === ''
      ? undefined
      : this.#helperName(this.#store, 'credsStore');
  }

  #credentialOf(entry: Map<string, unknown>, key: string): Credential | undefined {
    const identity = entry.get('identitytoken');
    if (typeof identity === 'string' && identity !== '') return { kind: 'identity', token: identity };
    const auth = entry.get('auth');
    // Docker leaves an empty entry where a helper has the password.
    if (auth === undefined || auth === '') return undefined;
    if (typeof auth !== 'string') throw this.#wrong(`auths.${key}.auth`, 'a string');
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1) throw this.#wrong(`auths.${key}.auth`, 'user:password in base64');
    return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) };
  }

  #helperName(value: unknown, key: string): string {
    // It becomes part of a program's name, which must not become a path.
    if (typeof value !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value)) {
      throw this.#wrong(key, 'the name of a credential helper');
    }
    return value;
  }

  #members(value: unknown, key: string): Map<string, unknown> {
    if (value === undefined || value === null) return new Map();
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(key, 'an object');
    return new Map(Object.entries(value));
  }

  #wrong(key: string, expected: string): BerthError {
    return new BerthError(
      'auth-file-invalid',
      `wrong value: ${this.file}: ${quote(key).slice(1, -1)} must be ${expected}`,
    );
  }
}

/** What keeps an auth file from being read, as `auth-file-invalid`; what is a BerthError stays as it is. */
export function unreadable(error: unknown, file: string): BerthError {
  if (error instanceof BerthError) return error;
  return new BerthError('auth-file-invalid', `cannot read: ${file}: ${messageOf(error)}`, { cause: error });
}

/**
 * The name that a key of `auths` is for: Docker writes keys as URLs, with a path that means nothing; podman
 * writes `host[/path]`.
 */
export function normalKey(key: string): string {
  const url = /^https?:\/\/([^/]*)/.exec(key)?.[1];
  const plain = url ?? key;
  return plain === 'index.docker.io' || plain === 'registry-1.docker.io' ? 'docker.io' : plain;
}
