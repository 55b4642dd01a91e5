import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import { parseJson } from '../template/template-json.ts';
import { checkValue, FORCED_VARIABLES } from '../template/values.ts';
import { parseYamlMapping } from './yaml-mapping.ts';

/** What an image's manifest.json or manifest.yaml says, checked. */
export interface ExportsManifest {
  version: string;
  /** Values for variables that the person does not set. */
  defaultValues: Map<string, string>;
  /** Path below hostfs, absolute, to the path on the host, in which `$NAME` variables stand. */
  renameFiles: Map<string, string>;
  /** Paths of hostfs files that are templates, as they are before or after renaming. */
  installedFilesTemplate: string[];
  /** The image only brings files for the host; there is no unit and no container. */
  noContainerService: boolean;
  /** Taken and not used: with a hard link, an edit in /usr would reach the store. Files are copied. */
  useLinks: boolean;
  /** Units, such as etcd.service. */
  requires: string[];
  after: string[];
  before: string[];
  /** The service says itself when it is ready (sd_notify(3)); for images that bring no unit. */
  notify: boolean;
  /** A command that succeeds in the container of a service that is ready; empty for none. */
  ready: string[];
}

const MAX_ENTRIES = 1000;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A manifest with nothing in it, for images that bring none. */
export function emptyManifest(): ExportsManifest {
  return new ManifestReader(new Map(), '', []).read();
}

/** manifest.json of Project Atomic's images. Throws `exports-invalid`, naming the key; other keys become warnings. */
export function parseManifestJson(text: string, file: string, warnings: string[]): ExportsManifest {
  const document = parseJson(text, file, 'exports-invalid');
  if (!isObject(document)) throw new BerthError('exports-invalid', `not an object: ${file}`);
  return new ManifestReader(new Map(Object.entries(document)), file, warnings).read();
}

/** manifest.yaml of images in berth's own dialect. Throws `exports-invalid`, naming the key; other keys become warnings. */
export function parseManifestYaml(text: string, file: string, warnings: string[]): ExportsManifest {
  return new ManifestReader(parseYamlMapping(text, file, 'exports-invalid'), file, warnings).read();
}

class ManifestReader {
  readonly #keys: Map<string, unknown>;
  readonly #file: string;
  readonly #warnings: string[];

  constructor(keys: Map<string, unknown>, file: string, warnings: string[]) {
    this.#keys = keys;
    this.#file = file;
    this.#warnings = warnings;
  }

  read(): ExportsManifest {
    const manifest: ExportsManifest = {
      version: this.#scalar('version', this.#take('version') ?? ''),
      defaultValues: this.#defaultValues(),
      renameFiles: this.#mapping('renameFiles'),
      installedFilesTemplate: this.#list('installedFilesTemplate'),
      noContainerService: this.#flag('noContainerService', false),
      useLinks: this.#flag('useLinks', true),
      requires: this.#list('requires'),
      after: this.#list('after'),
      before: this.#list('before'),
      notify: this.#flag('notify', false),
      ready: this.#list('ready'),
    };
    for (const key of this.#keys.keys())
      this.#warnings.push(`${this.#file}: unknown key ${quote(key)}, ignored`);
    return manifest;
  }

  #defaultValues(): Map<string, string> {
    const values = this.#mapping('defaultValues');
    for (const [name, value] of values) {
      if (!NAME.test(name)) this.#refuse('defaultValues', `${quote(name)} is not the name of a variable`);
      checkValue(name, value, this.#file);
      if (!FORCED_VARIABLES.includes(name)) continue;
      values.delete(name);
      this.#warnings.push(`${this.#file}: defaultValues: ${name} is set by berth, ignored`);
    }
    return values;
  }

  #take(key: string): unknown {
    const value = this.#keys.get(key);
    this.#keys.delete(key);
    return value;
  }

  #mapping(key: string): Map<string, string> {
    const value = this.#take(key) ?? new Map();
    const entries = value instanceof Map ? [...value] : isObject(value) ? Object.entries(value) : undefined;
    if (entries === undefined) return this.#refuse(key, 'it is not a mapping');
    if (entries.length > MAX_ENTRIES) this.#refuse(key, `it has more than ${MAX_ENTRIES} entries`);
    return new Map(entries.map(([name, text]) => [name, this.#scalar(`${key}: ${quote(name)}`, text)]));
  }

  #list(key: string): string[] {
    const value = this.#take(key) ?? [];
    if (!Array.isArray(value)) return this.#refuse(key, 'it is not a list');
    if (value.length > MAX_ENTRIES) this.#refuse(key, `it has more than ${MAX_ENTRIES} entries`);
    return value.map((text, index) =>
      typeof text === 'string' ? text : this.#refuse(`${key}[${index}]`, 'it is not a text'),
    );
  }

  #flag(key: string, preset: boolean): boolean {
    const value = this.#take(key) ?? preset;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return this.#refuse(key, 'it is neither true nor false');
  }

  #scalar(key: string, value: unknown): string {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return String(value);
    return this.#refuse(key, 'it is not a text, a number or a boolean');
  }

  #refuse(key: string, cause: string): never {
    throw new BerthError('exports-invalid', `broken manifest: ${this.#file}: ${key}: ${cause}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
