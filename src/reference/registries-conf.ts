import { parse } from 'smol-toml';
import { BerthError } from '../errors.ts';
import { quote } from './quote.ts';
import type { Mirror, RegistryEntry, ShortNameMode } from './registries.ts';

/** One file of registries.conf(5), as far as it speaks. */
export interface RegistriesFile {
  search: string[] | undefined;
  /** An empty value takes an alias of an earlier file away. */
  aliases: Map<string, string>;
  shortNameMode: ShortNameMode | undefined;
  credentialHelpers: string[] | undefined;
  entries: RegistryEntry[];
}

/**
 * Reads registries.conf(5), version 2, and the three lists of version 1.
 * Keys that berth does not know are left alone: other programs read the file too.
 * Throws `registries-conf-invalid`; `file` is what the message calls the text.
 */
export function parseRegistriesConf(text: string, file: string): RegistriesFile {
  const top = new ConfTable(readToml(text, file), file, '');
  if (top.has('registries')) return versionOne(top.table('registries'));
  return {
    search: top.strings('unqualified-search-registries'),
    aliases: top.has('aliases') ? top.table('aliases').stringMap() : new Map(),
    shortNameMode: top.oneOf('short-name-mode', ['enforcing', 'permissive', 'disabled']),
    credentialHelpers: helpersOf(top),
    entries: top.tables('registry').map(entryOf),
  };
}

function readToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The first line of smol-toml's message is the cause; the rest draws the place.
    const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new BerthError('registries-conf-invalid', `not TOML: ${file}: ${cause}`, { cause: error });
  }
}

function helpersOf(top: ConfTable): string[] | undefined {
  const helpers = top.strings('credential-helpers');
  // Each becomes part of a program's name, which must not become a path.
  if (helpers?.every((helper) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) === false) {
    throw top.wrong('credential-helpers', 'names of credential helpers');
  }
  // As in the other programs that read it, none means the usual.
  return helpers?.length === 0 ? undefined : helpers;
}

function entryOf(table: ConfTable): RegistryEntry {
  const location = table.string('location');
  const prefix = table.string('prefix') ?? location;
  if (prefix === undefined || prefix === '') throw table.wrong('prefix', 'given, or location');
  // Only a wildcard may stand without a location: there is then nothing to rewrite.
  const isWildcard = prefix.startsWith('*.');
  if (!isWildcard && location === '') throw table.wrong('location', 'a registry');
  const byDigestOnly = table.boolean('mirror-by-digest-only');
  return {
    prefix,
    location: location === undefined || location === '' ? prefix : location,
    insecure: table.boolean('insecure'),
    blocked: table.boolean('blocked'),
    mirrors: table.tables('mirror').map((mirror) => mirrorOf(mirror, byDigestOnly)),
  };
}

function mirrorOf(table: ConfTable, byDigestOnly: boolean): Mirror {
  const location = table.string('location');
  if (location === undefined || location === '') throw table.wrong('location', 'a registry');
  const pulls = table.oneOf('pull-from-mirror', ['all', 'digest-only', 'tag-only']);
  // Which of the two counts would be a guess, and one of them lets a mirror say what a tag is.
  if (byDigestOnly && pulls !== undefined) {
    throw table.wrong('pull-from-mirror', 'left out where mirror-by-digest-only is set');
  }
  return {
    location,
    insecure: table.boolean('insecure'),
    pulls: pulls ?? (byDigestOnly ? 'digest-only' : 'all'),
  };
}

function versionOne(lists: ConfTable): RegistriesFile {
  const list = (key: string): string[] =>
    lists.has(key) ? (lists.table(key).strings('registries') ?? []) : [];
  const insecure = list('insecure');
  const blocked = list('block');
  const names = [...new Set([...insecure, ...blocked])];
  return {
    search: list('search'),
    aliases: new Map(),
    shortNameMode: undefined,
    credentialHelpers: undefined,
    entries: names.map((name) => ({
      prefix: name,
      location: name,
      insecure: insecure.includes(name),
      blocked: blocked.includes(name),
      mirrors: [],
    })),
  };
}

/** A TOML table whose values are read by type, with the key in every complaint. */
class ConfTable {
  readonly #values: Record<string, unknown>;
  readonly #file: string;
  readonly #name: string;

  constructor(values: unknown, file: string, name: string) {
    this.#file = file;
    this.#name = name;
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw this.wrong('', 'a table');
    }
    this.#values = values as Record<string, unknown>;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key);
  }

  string(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(key, 'a string');
  }

  boolean(key: string): boolean {
    const value = this.#value(key) ?? false;
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, 'true or false');
  }

  oneOf<Choice extends string>(key: string, choices: Choice[]): Choice | undefined {
    const value = this.string(key);
    if (value === undefined || value === '') return undefined;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw this.wrong(key, `one of ${choices.join(', ')}`);
    return choice;
  }

  strings(key: string): string[] | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.wrong(key, 'a list of strings');
  }

  stringMap(): Map<string, string> {
    return new Map(
      Object.entries(this.#values).map(([key, value]) => {
        if (typeof value !== 'string') throw this.wrong(key, 'a string');
        return [key, value];
      }),
    );
  }

  table(key: string): ConfTable {
    return new ConfTable(this.#value(key), this.#file, this.#nameOf(key));
  }

  tables(key: string): ConfTable[] {
    const value = this.#value(key) ?? [];
    if (!Array.isArray(value)) throw this.wrong(key, 'a list of tables');
    return value.map((item, index) => new ConfTable(item, this.#file, `${this.#nameOf(key)}[${index}]`));
  }

  wrong(key: string, expected: string): BerthError {
    const name = this.#nameOf(key) || 'the file';
    return new BerthError(
      'registries-conf-invalid',
      `wrong value: ${this.#file}: ${quote(name).slice(1, -1)} must be ${expected}`,
    );
  }

  #value(key: string): unknown {
    return this.has(key) ? this.#values[key] : undefined;
  }

  #nameOf(key: string): string {
    return [this.#name, key].filter((part) => part !== '').join('.');
  }
}
