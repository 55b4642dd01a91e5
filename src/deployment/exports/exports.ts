import { BerthError } from '../../errors.ts';
import {
  type ExportsManifest,
  emptyManifest,
  parseManifestJson,
  parseManifestYaml,
} from './exports-manifest.ts';
import { readTextInside, statInside } from './exports-tree.ts';

/** How a template is written: `$NAME` (Project Atomic), EJS, or not at all. */
export type TemplateKind = 'dollar' | 'ejs' | 'literal';

/** One text that an image brings. `file` is its name below /exports, for messages. */
export interface ExportedText {
  file: string;
  kind: TemplateKind;
  text: string;
}

/** What an image carries in /exports. A part that is undefined is not there: berth's own takes its place. */
export interface ImageExports {
  /** Of the templates in /exports; `dollar` where there is none. */
  dialect: 'dollar' | 'ejs';
  /** The checkout that /exports was read from; host files are looked for there. */
  rootfs: string;
  manifest: ExportsManifest;
  /** Undefined: use berth's own unit, unless `manifest.noContainerService`. */
  service: ExportedText | undefined;
  socket: ExportedText | undefined;
  tmpfiles: ExportedText | undefined;
  sysusers: ExportedText | undefined;
  /** Undefined: make config.json from the image's config. */
  configJson: ExportedText | undefined;
  /** For a person to see: what was ignored. */
  warnings: string[];
}

// config.json is the long one; nobody writes a unit of this size.
const MAX_CONFIG = 1024 * 1024;
const MAX_TEMPLATE = 64 * 1024;

/**
 * Reads /exports of a checkout; undefined when the image has none. Throws `exports-invalid` for both
 * dialects at once, a symlink or special file where a file must be, and a broken manifest.
 */
export function readExports(rootfs: string): ImageExports | undefined {
  const found = statInside(rootfs, ['exports']);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) throw new BerthError('exports-invalid', 'not a directory: /exports in the image');

  const reader = new ExportsReader(rootfs);
  const service = reader.template('service');
  const socket = reader.template('socket');
  const tmpfiles = reader.template('tmpfiles');
  const sysusers = reader.template('sysusers');
  const configTemplate = reader.template('config.json');
  const literal = reader.text('config.json');
  const manifest = reader.manifest();
  if (literal !== undefined && configTemplate !== undefined) {
    reader.warnings.push(`config.json is there too, ${configTemplate.file} is ignored`);
  }
  return {
    dialect: reader.dialect(),
    rootfs,
    manifest,
    service,
    socket,
    tmpfiles,
    sysusers,
    // As Project Atomic has it: a finished file goes before a template.
    configJson:
      literal === undefined ? configTemplate : { file: 'config.json', kind: 'literal', text: literal },
    warnings: reader.warnings,
  };
}

class ExportsReader {
  readonly warnings: string[] = [];
  readonly #rootfs: string;
  /** The files that tell a dialect. */
  readonly #seen: Record<'dollar' | 'ejs', string[]> = { dollar: [], ejs: [] };

  constructor(rootfs: string) {
    this.#rootfs = rootfs;
  }

  text(file: string): string | undefined {
    const limit = file.startsWith('config.json') ? MAX_CONFIG : MAX_TEMPLATE;
    return readTextInside(this.#rootfs, ['exports', file], limit);
  }

  template(name: string): ExportedText | undefined {
    const dollar = this.#take(`${name}.template`, 'dollar');
    const ejs = this.#take(`${name}.ejs`, 'ejs');
    return dollar ?? ejs;
  }

  manifest(): ExportsManifest {
    const json = this.#take('manifest.json', 'dollar');
    const yaml = this.#take('manifest.yaml', 'ejs');
    if (json !== undefined) return parseManifestJson(json.text, json.file, this.warnings);
    if (yaml !== undefined) return parseManifestYaml(yaml.text, yaml.file, this.warnings);
    return emptyManifest();
  }

  dialect(): 'dollar' | 'ejs' {
    const [dollar, ejs] = [this.#seen.dollar[0], this.#seen.ejs[0]];
    if (dollar !== undefined && ejs !== undefined) {
      throw new BerthError(
        'exports-invalid',
        `two dialects at once: /exports in the image: ${dollar} and ${ejs}`,
      );
    }
    return ejs === undefined ? 'dollar' : 'ejs';
  }

  #take(file: string, kind: 'dollar' | 'ejs'): ExportedText | undefined {
    const text = this.text(file);
    if (text === undefined) return undefined;
    this.#seen[kind].push(file);
    return { file, kind, text };
  }
}
