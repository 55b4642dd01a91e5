import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { findOwner } from './file-owner.ts';
import type { Step } from './plan.ts';

/** Throws `unit-conflict` or `host-file-conflict` for the first place that is taken, and says whose it is. */
export function refuseOccupied(steps: readonly Step[], paths: Paths): void {
  const seen = new Set<string>();
  for (const step of steps) {
    if (step.kind !== 'file' && step.kind !== 'symlink') continue;
    if (seen.has(step.path)) {
      throw new BerthError(
        'host-file-conflict',
        `cannot install: ${step.path}: two of these images bring it`,
      );
    }
    seen.add(step.path);
    if (isThere(paths.locate(step.path))) throw occupied(step.path, paths);
  }
}

/** True for whatever is at a path, a dangling symlink too. */
export function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

function occupied(path: string, paths: Paths): BerthError {
  const owner = findOwner(path, paths);
  const unit = dirname(path) === paths.installed.units;
  return new BerthError(
    unit ? 'unit-conflict' : 'host-file-conflict',
    `cannot install: ${path}: ${owner === undefined ? 'a file is there that berth did not put there' : `it belongs to ${owner}`}`,
    {
      hint: unit
        ? hintForUnit(path, paths)
        : `then run the command again: mv --no-clobber ${path} ${path}.old`,
    },
  );
}

/** An admin may have masked the unit before it was there; else the name is taken. */
function hintForUnit(path: string, paths: Paths): string {
  const unit = basename(path);
  const found = lstatSync(paths.locate(path), { throwIfNoEntry: false });
  const isMasked = found?.isSymbolicLink() && readlinkSync(paths.locate(path)) === '/dev/null';
  return isMasked ? `systemctl unmask ${unit}` : `--name ${unit.replace(/\.[a-z]+$/, '')}-2`;
}
