import { BerthError } from '../errors.ts';
import type { ApplyOptions } from './apply/apply.ts';
import { pruneImages } from './prune-images.ts';

/**
 * Frees what deployments and images left that are gone. A store in which that cannot be done safely is
 * left as it is, with a warning: what the command was for is done.
 */
export function freeUnneeded({ paths, store, warn }: Pick<ApplyOptions, 'paths' | 'store' | 'warn'>): void {
  try {
    pruneImages(paths, store, { dryRun: false, all: false, leftovers: false });
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    warn(`could not free what is not needed any longer: ${error.message}`);
  }
}
