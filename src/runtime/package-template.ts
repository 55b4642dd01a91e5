import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import { BerthError, messageOf } from '../errors.ts';

// Beside dist/ in the installed package, and two folders above this file in its source.
const PLACES = ['../templates/', '../../templates/'];

/** The directory of berth's own templates. Throws `io` for a package that lacks them. */
export function templateDirectory(): string {
  const found = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) =>
    existsSync(join(path, 'service.ejs')),
  );
  if (found === undefined) {
    throw new BerthError('io', 'cannot find the templates of berth: the installation is incomplete', {
      hint: 'install berth again',
    });
  }
  return found;
}

/**
 * Renders one of berth's own templates, in this process: they are berth's code, an image's are not.
 * `encode` is what `<%= %>` applies. Throws `template-invalid`.
 */
export async function renderPackageTemplate(
  file: string,
  values: Record<string, unknown>,
  encode: (value: unknown) => string,
): Promise<string> {
  const path = join(templateDirectory(), file);
  const text = await readFile(path, 'utf8');
  try {
    return ejs.render(text, values, {
      escape: encode,
      filename: path,
      strict: true,
      _with: false,
      localsName: 'it',
    });
  } catch (error) {
    throw new BerthError('template-invalid', `cannot render: ${path}: ${messageOf(error)}`, { cause: error });
  }
}
