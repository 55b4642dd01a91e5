import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ejs from 'ejs';
import { BerthError, messageOf } from '../errors.ts';
import { packageDirectory } from './package-directory.ts';

/** The directory of berth's own templates. Throws `io` for a package that lacks them. */
export function templateDirectory(): string {
  return packageDirectory('templates', 'service.ejs');
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
