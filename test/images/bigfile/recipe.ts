import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/**
 * One file of 2 GiB, for measuring memory. Each random KiB of it stands there 20 times, so that the
 * layer is 100 MB or so: quick to serve, and not the ratio of a bomb either.
 */
export const bigfile: Recipe = {
  name: 'bigfile',
  tags: ['latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [{ script: 'node $FOLDER/write.ts $ROOT/big' }],
  config: { ...base.config, Cmd: ['/bin/sleep', 'infinity'], StopSignal: 'SIGKILL' },
};
