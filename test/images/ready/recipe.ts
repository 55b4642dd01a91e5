import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

const SECOND = 1e9;

/** Says when it is ready by its Healthcheck alone, which a test answers with a file. */
export const readyCheck: Recipe = {
  name: 'ready-check',
  tags: ['latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [
    {
      files: join(import.meta.dirname, 'files'),
      script: 'chmod 755 $ROOT/usr/local/bin/play',
    },
  ],
  config: {
    ...base.config,
    Cmd: ['/usr/local/bin/play'],
    Volumes: { '/state': {} },
    Healthcheck: {
      Test: ['CMD-SHELL', 'cat /state/answer'],
      Interval: SECOND,
      Timeout: 2 * SECOND,
      Retries: 2,
    },
  },
};

/** Says it itself, by a label, as a user without rights. */
export const readyLabel: Recipe = {
  ...readyCheck,
  name: 'ready-label',
  from: readyCheck,
  layers: [],
  config: {
    ...readyCheck.config,
    User: 'nobody',
    Labels: { 'io.containers.sdnotify': 'container' },
  },
};

/** Says it itself, by a unit of its own with Type=notify. */
export const readyNotify: Recipe = {
  ...readyCheck,
  name: 'ready-notify',
  from: readyCheck,
  layers: [{ files: join(import.meta.dirname, 'exports') }],
};
