import { closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../../../errors.ts';
import { syncDirectory } from '../../../linux/durable.ts';
import type { Step } from '../../plan/plan.ts';
import type { StepContext } from './context.ts';
import { type Owner, ownerOf, setOwner } from './owner.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

export function makeDirectory(step: Of<'directory'>, { paths }: StepContext): void {
  const path = paths.follow(step.path);
  // A symlink below another root may lead to where nothing is yet.
  mkdirSync(dirname(path), { recursive: true });
  makeOwned(path, step);
}

/** Removes a directory unless something is in it: what is in it is not berth's. */
export function removeDirectory(path: string, { paths }: StepContext): void {
  const followed = paths.follow(path);
  try {
    rmdirSync(followed);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EBUSY')) return;
    throw error;
  }
  syncDirectory(dirname(followed));
}

/** Removes a directory that berth made, if it is empty; the backup keeps its owner and mode. */
export function removeMadeDirectory(path: string, context: StepContext): void {
  const followed = context.paths.follow(path);
  const stat = lstatSync(followed, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return;
  rmSync(context.backup, { recursive: true, force: true });
  makeOwned(context.backup, ownerOf(followed));
  removeDirectory(path, context);
}

export function restoreDirectory(path: string, context: StepContext): void {
  const stat = lstatSync(context.backup, { throwIfNoEntry: false });
  if (stat === undefined || existsSync(context.paths.follow(path))) return;
  makeDirectory({ kind: 'directory', path, ...ownerOf(context.backup) }, context);
}

function makeOwned(path: string, owner: Owner): void {
  mkdirSync(path, { mode: 0o700 });
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    setOwner(descriptor, owner);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(dirname(path));
}
