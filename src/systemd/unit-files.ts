import { readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isErrno } from '../errors.ts';
import { listDirectory } from '../linux/list-directory.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import { parseUnitFile, type UnitEntry } from './unit-file.ts';
import { UNIT_SUFFIXES } from './unit-name.ts';

/** systemd's unit search path (systemd.unit(5)), what goes before first. */
export const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

// Two units may be names of each other, by mistake.
const MAX_ALIASES = 8;

/** A unit as its files make it. */
export interface FoundUnit {
  /** Its own name, where it was asked for by another. */
  name: string;
  loadState: 'loaded' | 'masked' | 'not-found';
  /** Its own file, as the installed system names it; empty for none. */
  path: string;
  /** True where that is a symlink to a file elsewhere. */
  symlink: boolean;
  /** Of the unit and then of its drop-ins, in the order in which systemd reads them. */
  entries: readonly UnitEntry[];
  /** Units linked into its .wants and .requires directories. */
  wants: string[];
  requires: string[];
}

/**
 * Unit files as they are below a root, or as they will be: a change's own files, by the path that the
 * installed system knows them by, lie over what is there.
 */
export class UnitFiles {
  readonly #paths: Paths;
  readonly #added: ReadonlyMap<string, string>;
  readonly #addedNames: ReadonlyMap<string, string[]>;
  readonly #listed = new Map<string, ReadonlySet<string>>();
  #pulled: Map<string, string[]> | undefined;

  constructor(paths: Paths, added: ReadonlyMap<string, string> = new Map()) {
    this.#paths = paths;
    this.#added = added;
    this.#addedNames = namesByDirectory(added.keys());
  }

  /** The names of all unit files, templates too, each once. */
  names(): string[] {
    const files = UNIT_DIRECTORIES.flatMap((directory) => [...this.#list(directory)]);
    return [...new Set(files)].filter((file) => UNIT_SUFFIXES.some((suffix) => file.endsWith(`.${suffix}`)));
  }

  /** In which of the unit directories a unit is linked into the .wants, .requires or .upholds of others. */
  pulledBy(unit: string): readonly string[] {
    this.#pulled ??= this.#readPulled();
    return this.#pulled.get(unit) ?? [];
  }

  /** The unit of this name, or that it is another name of. */
  find(unit: string, aliases = MAX_ALIASES): FoundUnit {
    const names = sourceNames(unit);
    const wants = this.#linked(names, 'wants');
    const requires = this.#linked(names, 'requires');
    const found = (loadState: FoundUnit['loadState'], files: string[], symlink = false): FoundUnit => {
      const read = (path: string) => readEntries(this.#read(path), path);
      return {
        ...{ name: unit, loadState, path: files[0] ?? '', symlink, wants, requires },
        // Whoever asks whether there is such a unit need not wait for that.
        get entries() {
          return files.flatMap(read);
        },
      };
    };
    const places = names.flatMap((name) => UNIT_DIRECTORIES.map((directory) => join(directory, name)));
    const place = places.find((path) => this.#exists(path));
    if (place === undefined) return found('not-found', []);
    const link = this.#link(place);
    const target = basename(link ?? unit);
    if (target !== 'null' && !names.includes(target) && aliases > 0) {
      const aliased = this.find(target, aliases - 1);
      // A link to a file elsewhere is no alias, whatever the file is called.
      if (aliased.loadState !== 'not-found') return aliased;
    }
    if (this.#read(place) === '') return found('masked', []);
    return found('loaded', [place, ...this.#dropIns(unit)], link !== undefined);
  }

  #readPulled(): Map<string, string[]> {
    const pulled = new Map<string, string[]>();
    for (const directory of UNIT_DIRECTORIES) {
      const others = [...this.#list(directory)].filter((name) => /\.(?:wants|requires|upholds)$/.test(name));
      const units = unique(others.flatMap((other) => [...this.#list(join(directory, other))]));
      for (const unit of units) pulled.set(unit, [...(pulled.get(unit) ?? []), directory]);
    }
    return pulled;
  }

  /** Names of what is linked into a unit's .wants or .requires directories. */
  #linked(names: string[], kind: 'wants' | 'requires'): string[] {
    return unique(
      names.flatMap((name) =>
        UNIT_DIRECTORIES.flatMap((directory) => [...this.#list(join(directory, `${name}.${kind}`))]),
      ),
    );
  }

  /** The drop-ins of a unit: of one file name, that of the directory that goes before. */
  #dropIns(unit: string): string[] {
    const found = new Map<string, string>();
    for (const name of dropInNames(unit)) {
      for (const directory of UNIT_DIRECTORIES) {
        for (const file of this.#list(join(directory, `${name}.d`))) {
          if (file.endsWith('.conf') && !found.has(file)) found.set(file, join(directory, `${name}.d`, file));
        }
      }
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  }

  #exists(path: string): boolean {
    const { directory, name } = split(path);
    return this.#list(directory).has(name);
  }

  #list(directory: string): ReadonlySet<string> {
    const known = this.#listed.get(directory);
    if (known !== undefined) return known;
    const added = this.#addedNames.get(directory) ?? [];
    const names = new Set([...added, ...this.#listFiles(directory)]);
    this.#listed.set(directory, names);
    return names;
  }

  /** Most units have no directory beside them: the names in the one above tell, without another call. */
  #listFiles(directory: string): string[] {
    const { directory: above, name } = split(directory);
    if (UNIT_DIRECTORIES.includes(above) && !this.#list(above).has(name)) return [];
    return listDirectory(this.#paths.follow(directory));
  }

  /** Empty for a file that masks its unit, as systemd has it, and for one that is not there. */
  #read(path: string): string {
    try {
      return readRegularText(this.#added.get(path) ?? this.#paths.follow(path));
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EINVAL')) return '';
      throw error;
    }
  }

  /** Where the symlink at a place leads to; undefined for what is none. */
  #link(path: string): string | undefined {
    try {
      return readlinkSync(this.#added.get(path) ?? this.#paths.locate(path));
    } catch (error) {
      if (isErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }
}

/** systemd warns of broken lines and goes on. */
function readEntries(text: string, path: string): readonly UnitEntry[] {
  return parseUnitFile(text, path, () => undefined).entries;
}

/** The unit's own file, and for an instance its template's. */
function sourceNames(unit: string): string[] {
  const template = unit.replace(/@.+\.([a-z]+)$/, '@.$1');
  return template === unit ? [unit] : [unit, template];
}

/** Whose drop-ins a unit has, its own first: `a-b.service` also has those of `a-.service` and of `service`. */
export function dropInNames(unit: string): string[] {
  const suffix = unit.slice(unit.lastIndexOf('.') + 1);
  const prefixes = sourceNames(unit).flatMap((name) => {
    const words = name.slice(0, name.lastIndexOf('.')).split('-');
    return words
      .slice(1)
      .map((_, index) => `${words.slice(0, words.length - 1 - index).join('-')}-.${suffix}`);
  });
  return [...sourceNames(unit), ...prefixes, suffix];
}

function namesByDirectory(paths: Iterable<string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { directory, name } of [...paths].map(split)) {
    names.set(directory, [...(names.get(directory) ?? []), name]);
  }
  return names;
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}
