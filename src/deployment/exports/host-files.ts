import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BerthError } from '../../errors.ts';
import { getXattr } from '../../linux/xattr.ts';
import { quote } from '../../reference/quote.ts';
import type { Values } from '../template/values.ts';
import type { ExportedText, ImageExports } from './exports.ts';
import { readTextInside, statInside } from './exports-tree.ts';
import { holdsProtectedPlace, isAllowedPlace, isAtOrBelow, isNormalPath } from './host-files-places.ts';
import { renamePath, renderRenames } from './host-files-rename.ts';

/** A file that an image brings for the host. `target` is where, as the installed system names it. */
export type HostFile = {
  target: string;
  uid: number;
  gid: number;
} & (
  | {
      type: 'file';
      /** Where it stands now, in the checkout. */
      source: string;
      mode: number;
      /** Its content is rendered from this instead of copied. */
      template?: ExportedText;
    }
  | {
      type: 'directory';
      source: string;
      mode: number /** Nothing of the image's is in it. */;
      empty: boolean;
    }
  | { type: 'symlink'; linksTo: string }
);

const MAX_FILES = 10_000;
const MAX_DEPTH = 40;
const MAX_TEMPLATE = 1024 * 1024;

/**
 * Describes what /exports/hostfs brings, parents before children, renames done. Directories stand for
 * themselves: one that is there already stays as it is. `allow` names places that are else refused.
 * Throws `exports-invalid` for what an image may not bring, and `value-missing` or `value-invalid` for renames.
 */
export function listHostFiles(
  exports: ImageExports,
  values: Values,
  allow: readonly string[] = [],
): HostFile[] {
  const found = statInside(exports.rootfs, ['exports', 'hostfs']);
  if (found === undefined) return [];
  if (!found.isDirectory()) refuse('/exports/hostfs', 'it is not a directory');
  const listing = new HostFileListing(exports, renderRenames(exports.manifest, values), allow);
  listing.walk([]);
  return listing.finish();
}

class HostFileListing {
  readonly #exports: ImageExports;
  readonly #renames: ReadonlyMap<string, string>;
  readonly #allow: readonly string[];
  readonly #templates: Set<string>;
  readonly #files = new Map<string, HostFile>();

  constructor(exports: ImageExports, renames: ReadonlyMap<string, string>, allow: readonly string[]) {
    this.#exports = exports;
    this.#renames = renames;
    this.#allow = allow;
    this.#templates = new Set(exports.manifest.installedFilesTemplate);
  }

  walk(path: readonly string[]): void {
    if (path.length > MAX_DEPTH) refuse(nameOf(path), `it is more than ${MAX_DEPTH} directories deep`);
    const directory = join(this.#exports.rootfs, 'exports/hostfs', ...path);
    for (const name of readdirSync(directory).sort()) {
      const inside = [...path, name];
      if (/[\p{Cc}\u2028\u2029\uFFFD]/u.test(name))
        refuse(nameOf(inside), 'its name is not plain UTF-8 text');
      const found = lstatSync(join(directory, name));
      this.#add(inside, found);
      if (found.isDirectory()) this.walk(inside);
    }
  }

  /** Throws where two files cannot both stand. */
  finish(): HostFile[] {
    for (const { target } of this.#files.values()) {
      for (let parent = dirname(target); parent !== '/'; parent = dirname(parent)) {
        const above = this.#files.get(parent);
        if (above !== undefined && above.type !== 'directory')
          refuse(target, `${parent} is no directory in the image`);
      }
    }
    return [...this.#files.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
  }

  #add(path: readonly string[], found: Stats): void {
    const inside = `/${path.join('/')}`;
    const target = renamePath(inside, this.#renames);
    const file = this.#describe(path, target, found);
    // A directory such as /etc or /usr, on the way to something, is never made: it is there.
    if (file.type === 'directory' && !file.empty && !isAllowedPlace(target, this.#allow)) return;
    this.#checkPlace(target, inside);
    const other = this.#files.get(target);
    if (other !== undefined && !(other.type === 'directory' && file.type === 'directory')) {
      refuse(target, 'the image brings it twice');
    }
    this.#files.set(target, file);
    if (this.#files.size > MAX_FILES) refuse('/exports/hostfs', `it has more than ${MAX_FILES} files`);
  }

  #describe(path: readonly string[], target: string, found: Stats): HostFile {
    const source = join(this.#exports.rootfs, 'exports/hostfs', ...path);
    const common = { target, uid: found.uid, gid: found.gid };
    const mode = found.mode & 0o7777;
    if (isOpenToOthers(found, target)) refuse(nameOf(path), 'others than root could change it');
    if (found.isDirectory()) {
      if (mode & 0o6000) refuse(nameOf(path), 'it is a directory with setuid or setgid');
      return { ...common, type: 'directory', source, mode, empty: readdirSync(source).length === 0 };
    }
    if (found.isSymbolicLink()) {
      const linksTo = readlinkSync(source);
      this.#checkLink(target, linksTo);
      return { ...common, type: 'symlink', linksTo };
    }
    if (!found.isFile()) return refuse(nameOf(path), 'it is a device, a fifo or a socket');
    if (mode & 0o6000) refuse(nameOf(path), 'it is a setuid or setgid file');
    if (getXattr(source, 'security.capability') !== undefined)
      refuse(nameOf(path), 'it is a file with capabilities');
    const template = this.#template(path, target);
    return {
      ...common,
      type: 'file',
      source,
      mode,
      ...(template === undefined ? {} : { template }),
    };
  }

  #template(path: readonly string[], target: string): ExportedText | undefined {
    const inside = `/${path.join('/')}`;
    // Project Atomic looked for the renamed path, its manual speaks of the image's: both are in use.
    if (!this.#templates.has(inside) && !this.#templates.has(target)) return undefined;
    const text = readTextInside(this.#exports.rootfs, ['exports', 'hostfs', ...path], MAX_TEMPLATE);
    if (text === undefined) return undefined;
    return { file: `hostfs${inside}`, kind: this.#exports.dialect, text };
  }

  #checkLink(target: string, linksTo: string): void {
    const end = resolve(dirname(target), linksTo);
    if (/[\p{Cc}\u2028\u2029\uFFFD]/u.test(linksTo))
      refuse(target, 'it is a symlink to a name that is not plain UTF-8 text');
    if (!isAllowedPlace(end, this.#allow) || holdsProtectedPlace(end))
      refuse(target, `it is a symlink to ${quote(end)}, where an image may bring nothing`);
  }

  #checkPlace(target: string, inside: string): void {
    const via = target === inside ? '' : ` (renamed from ${inside})`;
    if (!isNormalPath(target))
      refuse(`${target}${via}`, 'it is not an absolute path without ".", ".." and "//"');
    if (!isAllowedPlace(target, this.#allow))
      refuse(`${target}${via}`, 'an image may not put anything there');
  }
}

/** What root runs is root's alone; what it reads may have another owner, but not all of them. */
function isOpenToOthers(found: Stats, target: string): boolean {
  if (found.isSymbolicLink()) return false;
  const everybody = (found.mode & 0o002) !== 0 && (found.mode & 0o1000) === 0;
  const group = (found.mode & 0o020) !== 0 && found.gid !== 0;
  return everybody || (isAtOrBelow(target, '/usr') && (found.uid !== 0 || group));
}

function nameOf(path: readonly string[]): string {
  return `/${['exports', 'hostfs', ...path].join('/')}`;
}

function refuse(path: string, cause: string): never {
  throw new BerthError('exports-invalid', `cannot take a file for the host: ${quote(path)}: ${cause}`);
}
