import {
  findMissing,
  type MissingVariable,
  parseTemplate,
  refuseMissing,
  renderTemplate,
} from '../template/template.ts';
import type { Values } from '../template/values.ts';
import type { ExportsManifest } from './exports-manifest.ts';

/** The variables of `renameFiles` without a value. Throws `template-invalid`. */
export function missingInRenames({ renameFiles }: ExportsManifest, values: Values): MissingVariable[] {
  return [...renameFiles].flatMap(([from, to]) =>
    findMissing(parseTemplate(to, placeOf(from)), values, 'renameFiles'),
  );
}

/** `renameFiles` with the values put in. Throws `value-missing` with all that is missing. */
export function renderRenames(manifest: ExportsManifest, values: Values): Map<string, string> {
  refuseMissing(missingInRenames(manifest, values));
  return new Map(
    [...manifest.renameFiles].map(([from, to]) => [from, renderTemplate(to, values, placeOf(from))]),
  );
}

/**
 * The path on the host. As in Project Atomic, each leading part is looked up in turn, from the top, and goes on
 * as what it was renamed to: a directory's new name holds for all in it.
 */
export function renamePath(path: string, renames: ReadonlyMap<string, string>): string {
  let renamed = '';
  for (const component of path.split('/').slice(1)) {
    renamed = `${renamed}/${component}`;
    renamed = renames.get(renamed) ?? renamed;
  }
  return renamed;
}

function placeOf(from: string): string {
  return `the manifest's renameFiles, ${from}`;
}
