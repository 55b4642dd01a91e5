import { existsSync, realpathSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';

const PLACES = ['/usr/bin/berth', '/usr/local/bin/berth'];

/** How this program was started: a unit has no PATH to find it by. Another system must have a berth of its own. */
export function ownCommand(paths: Paths): string[] {
  if (paths.root !== '/') {
    const found = PLACES.find((place) => existsSync(paths.follow(place)));
    if (found !== undefined) return [found];
    throw new BerthError(
      'usage',
      `no berth for the unit to run: ${paths.root}: not at ${PLACES.join(', ')}`,
      { hint: 'install berth there first' },
    );
  }
  const [, script] = process.argv;
  return script === undefined ? [process.execPath] : [process.execPath, realpathSync(script)];
}
