import { existsSync } from 'node:fs';
import { BerthError } from '../errors.ts';

/** For commands with `--force`: throws `destination-exists` where something is there. */
export function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new BerthError('destination-exists', `cannot write: ${path}: it is there already`, {
    hint: 'look at it, and say --force',
  });
}
