import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Its config.json wants $GREETING, for which nothing has a default. */
export const missingValue: Recipe = {
  name: 'missing-value',
  tags: ['latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [{ files: join(import.meta.dirname, 'files') }],
  config: base.config,
};
