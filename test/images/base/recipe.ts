import type { Recipe } from '../recipe.ts';

/** What Debian calls essential, without documentation. */
export const base: Recipe = {
  name: 'base',
  tags: ['12', 'latest'],
  folder: import.meta.dirname,
  layers: [{ bootstrap: true }],
  config: { Cmd: ['/bin/bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
};
