import { parseDocument } from 'yaml';
import { editCommand } from './edit-command.ts';
import { BerthError, isErrno, messageOf } from './errors.ts';
import type { Paths } from './paths.ts';
import { readRegularText } from './regular-file.ts';

/** How short names and registries are treated, beside registries.conf(5). */
export interface RegistrySettings {
  /** Registries that a short name is looked for in, in this order. */
  search: string[];
  /** Short name to full name. */
  aliases: Record<string, string>;
  /** `host[:port]` of registries that may be spoken to over plain HTTP or with a certificate nobody signed. */
  insecure: string[];
}

/** `/etc/berth/berth.yaml`; every key may be absent. */
export interface Settings {
  registries: RegistrySettings;
  /** Absolute path of the OCI runtime; found on the host when undefined. */
  runtime: string | undefined;
  /** Overrides of the limits on images, by the limit's name. */
  limits: Record<string, number>;
  /** Seconds that a service may take until its readiness command succeeds; berth's own limit when undefined. */
  readinessLimit: number | undefined;
  /** How many deployments of a service are kept, the live one included; at least 2. */
  keep: number;
  autoUpdate: AutoUpdateSettings;
}

/** How services are updated that nobody updates by name. */
export interface AutoUpdateSettings {
  /** Names of services that are left alone. */
  exclude: string[];
  /** When updates may begin, local time; undefined: at any time. */
  window: { begin: string; end: string } | undefined;
}

const KEYS = ['registries', 'runtime', 'limits', 'readiness', 'keep', 'autoUpdate'];

/** The live deployment, and the one to go back to. */
const FEWEST_KEPT = 2;

/** Seconds: a day. */
const LONGEST_START = 86_400;

/** The settings of a host, defaults where there is no file. Throws `settings-invalid` with line and column. */
export function loadSettings(paths: Paths): Settings {
  const file = paths.settings;
  let text = '';
  try {
    text = readRegularText(file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT'))
      throw new BerthError('settings-invalid', `cannot read: ${file}: ${messageOf(error)}`);
  }
  return parseSettings(text, file);
}

/** Throws `settings-invalid`; `file` is what the message calls the text. */
export function parseSettings(text: string, file: string): Settings {
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    // Behind a colon, the lines that follow show the place.
    const what = problem.message.replace(/:?\n.*$/s, '');
    throw new BerthError('settings-invalid', `not YAML: ${file}: ${what}`);
  }
  const reader = new SettingsReader(file);
  const top = reader.mapping(document.toJS(), '', KEYS);
  const readiness = reader.limits(top['readiness'], 'readiness', ['limit']);
  const registries = reader.mapping(top['registries'], 'registries', ['search', 'aliases', 'insecure']);
  const autoUpdate = reader.mapping(top['autoUpdate'], 'autoUpdate', ['exclude', 'window']);
  return {
    registries: {
      search: reader.strings(registries['search'], 'registries.search'),
      aliases: reader.stringMap(registries['aliases'], 'registries.aliases'),
      insecure: reader.strings(registries['insecure'], 'registries.insecure'),
    },
    runtime: reader.absolutePath(top['runtime'], 'runtime'),
    limits: reader.limits(top['limits'], 'limits'),
    readinessLimit: reader.atMost(readiness['limit'], LONGEST_START, 'readiness.limit'),
    keep: reader.atLeast(top['keep'], FEWEST_KEPT, 'keep'),
    autoUpdate: {
      exclude: reader.strings(autoUpdate['exclude'], 'autoUpdate.exclude'),
      window: reader.window(autoUpdate['window'], 'autoUpdate.window'),
    },
  };
}

class SettingsReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  mapping(value: unknown, key: string, known?: string[]): Record<string, unknown> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(key, 'a mapping');
    const stranger = known && Object.keys(value).find((name) => !known.includes(name));
    if (stranger !== undefined) {
      throw new BerthError(
        'settings-invalid',
        `unknown key: ${this.#file}: ${key === '' ? '' : `${key}.`}${stranger}`,
        {
          hint: `known here are ${known?.join(', ')}: ${editCommand(this.#file)}`,
        },
      );
    }
    return value as Record<string, unknown>;
  }

  strings(value: unknown, key: string): string[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.#wrong(key, 'a list of strings');
    }
    return value;
  }

  stringMap(value: unknown, key: string): Record<string, string> {
    const map = this.mapping(value, key);
    if (!Object.values(map).every((item) => typeof item === 'string'))
      throw this.#wrong(key, 'a mapping of strings');
    return map as Record<string, string>;
  }

  absolutePath(value: unknown, key: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string' || !value.startsWith('/')) throw this.#wrong(key, 'an absolute path');
    return value;
  }

  limits(value: unknown, key: string, known?: string[]): Record<string, number> {
    const map = this.mapping(value, key, known);
    for (const [name, limit] of Object.entries(map)) {
      if (!Number.isSafeInteger(limit) || (limit as number) <= 0) {
        throw this.#wrong(`${key}.${name}`, 'a positive whole number');
      }
    }
    return map as Record<string, number>;
  }

  atMost(value: number | undefined, most: number, key: string): number | undefined {
    if (value !== undefined && value > most) throw this.#wrong(key, `at most ${most}`);
    return value;
  }

  /** A whole number, `least` where there is none. */
  atLeast(value: unknown, least: number, key: string): number {
    if (value === undefined || value === null) return least;
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      throw this.#wrong(key, `a whole number, at least ${least}`);
    }
    return value as number;
  }

  /** Two times of the day, such as 02:00-04:00. */
  window(value: unknown, key: string): { begin: string; end: string } | undefined {
    if (value === undefined || value === null) return undefined;
    const [, begin, end] =
      /^([01]\d:[0-5]\d|2[0-3]:[0-5]\d)-([01]\d:[0-5]\d|2[0-3]:[0-5]\d)$/.exec(String(value)) ?? [];
    if (begin === undefined || end === undefined || begin === end) {
      throw this.#wrong(key, 'two times of the day, such as "02:00-04:00"');
    }
    return { begin, end };
  }

  #wrong(key: string, expected: string): BerthError {
    return new BerthError(
      'settings-invalid',
      `wrong value: ${this.#file}: ${key === '' ? 'the file' : key} must be ${expected}`,
    );
  }
}
