import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** A small server that takes its sockets from systemd and has none of its own. */
export const listener: Recipe = {
  name: 'listener',
  folder: import.meta.dirname,
  tags: ['latest'],
  from: base,
  layers: [{ files: join(import.meta.dirname, 'files'), script: 'chmod 755 "$ROOT/usr/local/bin/listener"' }],
  config: { ...base.config, Entrypoint: ['/usr/local/bin/listener'], Cmd: [] },
};

/** The same, with a socket unit of its own. */
export const listenerShipped: Recipe = {
  ...listener,
  name: 'listener-shipped',
  from: listener,
  layers: [{ files: join(import.meta.dirname, 'exports') }],
};
