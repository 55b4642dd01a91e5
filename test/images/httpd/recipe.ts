import { join } from 'node:path';
import { httpdPlain } from '../httpd-plain/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** The same apache2 as a system container: EJS templates, pages from the host, `--set PORT=8080`. */
export const httpd: Recipe = {
  ...httpdPlain,
  name: 'httpd',
  from: httpdPlain,
  format: 'oci',
  layers: [{ files: join(import.meta.dirname, 'files') }],
};
