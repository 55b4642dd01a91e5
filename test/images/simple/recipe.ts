import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Its unit cannot start: the program that it names is not in it. */
export const broken: Recipe = {
  name: 'broken',
  tags: ['latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [],
  config: { ...base.config, Cmd: ['/usr/bin/no-such-program'] },
};

/** Starts, says why, and ends with status 3 soon after. */
export const crashing: Recipe = {
  ...broken,
  name: 'crashing',
  config: {
    ...base.config,
    Cmd: ['/bin/sh', '-c', 'echo the disk of this service is missing >&2; sleep 0.2; exit 3'],
  },
};

/** Runs until it is told to stop, and nothing else: the smallest service there is. */
export const sleeper: Recipe = {
  ...broken,
  name: 'sleeper',
  config: { ...base.config, Cmd: ['/bin/sleep', 'infinity'], StopSignal: 'SIGKILL' },
};
