import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BerthError } from '../errors.ts';

// Beside dist/ in the installed package, and two folders above this file in its source.
const PLACES = ['../', '../../'];

/** A directory of berth's own package, known by a file in it; undefined in a package that lacks it. */
export function findPackageDirectory(
  name: 'docs' | 'examples' | 'templates' | 'units',
  file: string,
): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(`${place}${name}/`, import.meta.url))).find((path) =>
    existsSync(join(path, file)),
  );
}

/** The same where berth cannot do without. Throws `io`. */
export function packageDirectory(name: 'templates' | 'units', file: string): string {
  const found = findPackageDirectory(name, file);
  if (found === undefined) {
    throw new BerthError('io', `cannot find the ${name} of berth: the installation is incomplete`, {
      hint: 'in its checkout: npm run build',
    });
  }
  return found;
}
