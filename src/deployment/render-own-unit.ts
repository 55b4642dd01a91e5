import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageDirectory } from '../runtime/package-directory.ts';

/** A file of units/ with a host's own values in the places of `@NAME@`. */
export function renderOwnUnit(file: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(packageDirectory('units', file), file), 'utf8');
  return Object.entries(values).reduce(
    (done, [key, value]) => done.replaceAll(`@${key}@`, () => value),
    text,
  );
}
