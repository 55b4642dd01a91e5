/** One `[[registry]]` table of registries.conf(5). */
export interface RegistryEntry {
  /** What the names it is about begin with: `host[:port][/path]`, or `*.host`. */
  prefix: string;
  /** What the prefix is replaced by; the same as the prefix where nothing is rewritten. */
  location: string;
  insecure: boolean;
  blocked: boolean;
  mirrors: Mirror[];
}

/** One `[[registry.mirror]]` table. */
export interface Mirror {
  location: string;
  insecure: boolean;
  /** Which pulls may use it. */
  pulls: 'all' | 'digest-only' | 'tag-only';
}

export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

/** registries.conf(5) with its drop-ins, merged. */
export interface Registries {
  /** `unqualified-search-registries`. */
  search: string[];
  /** Short name to full name. */
  aliases: Map<string, string>;
  shortNameMode: ShortNameMode;
  /** `credential-helpers`: where credentials are looked for, in this order; `AUTH_FILES` stands for the auth files. */
  credentialHelpers: string[];
  entries: RegistryEntry[];
}

/** Not the name of a program, but of the files of containers-auth.json(5). */
export const AUTH_FILES = 'containers-auth.json';

/** What holds where no file says anything. */
export function noRegistries(): Registries {
  return {
    search: [],
    aliases: new Map(),
    shortNameMode: 'permissive',
    credentialHelpers: [AUTH_FILES],
    entries: [],
  };
}
