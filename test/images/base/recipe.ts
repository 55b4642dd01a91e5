import type { Recipe } from '../recipe.ts';

/** What Debian calls essential, without documentation. Its first layer is made by `bootstrap`. */
export const base: Recipe = {
  name: 'base',
  tags: ['12', 'latest'],
  layers: [],
  config: { Cmd: ['/bin/bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
};
