import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { loadSettings, type Settings } from '../settings.ts';

/** What berth.yaml says; undefined where it cannot be read, which one check tells. */
export function readableSettings(paths: Paths): Settings | undefined {
  try {
    return loadSettings(paths);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
