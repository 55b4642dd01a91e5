import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno } from '../../../errors.ts';
import { syncDirectory } from '../../../linux/durable.ts';
import { copyXattrs } from '../../../linux/xattr.ts';
import { compareInstalled } from '../../compare-installed.ts';
import type { Step } from '../../plan/plan.ts';
import type { InstalledFile } from '../../record.ts';
import type { StepContext } from './context.ts';
import { type Owner, ownerOf, setOwner } from './owner.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** Copies a file to a place where there is none. Throws `host-file-conflict` when there is one. */
export function putFile(step: Of<'file'>, { paths }: Pick<StepContext, 'paths'>): void {
  const path = paths.locate(step.path);
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { force: true });
  try {
    copyToNew(step.source, temporary, step);
    // link(2) refuses an existing name, rename(2) would replace it.
    linkSync(temporary, path);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw occupied(step.path);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

export function putSymlink(step: Of<'symlink'>, { paths }: Pick<StepContext, 'paths'>): void {
  const path = paths.locate(step.path);
  try {
    symlinkSync(step.target, path);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw occupied(step.path);
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Takes back a file or symlink that was put there, unless a person has changed it since. */
export function takeBack(file: InstalledFile, { paths, warn }: StepContext): void {
  const path = paths.locate(file.path);
  rmSync(`${path}.berth-new`, { force: true });
  const state = compareInstalled(path, file);
  if (state === 'changed') warn(`kept, because it was changed: ${file.path}`);
  if (state === 'unchanged') {
    unlinkSync(path);
    syncDirectory(dirname(path));
  }
}

/** Removes a file, keeping a copy for the undo. A file that is gone already is as wanted. */
export function removeFile(step: Of<'remove'>, { paths, backup }: StepContext): void {
  const path = paths.locate(step.file.path);
  if (compareInstalled(path, step.file) !== 'unchanged') return;
  if (step.file.type === 'file') {
    const { uid, gid, mode } = lstatSync(path);
    rmSync(backup, { force: true });
    copyToNew(path, backup, { uid, gid, mode: mode & 0o7777 });
    syncDirectory(dirname(backup));
  }
  unlinkSync(path);
  syncDirectory(dirname(path));
}

export function restoreFile(step: Of<'remove'>, context: StepContext): void {
  const path = context.paths.locate(step.file.path);
  // An earlier undo may have been killed after it had put the file there.
  rmSync(`${path}.berth-new`, { force: true });
  if (compareInstalled(path, step.file) !== 'absent') return;
  if (step.file.type === 'symlink') {
    putSymlink({ kind: 'symlink', path: step.file.path, target: step.file.content }, context);
    return;
  }
  const backup = lstatSync(context.backup, { throwIfNoEntry: false });
  // Without a backup the file was gone before the step came to it.
  if (backup === undefined) return;
  const { uid, gid, mode } = backup;
  putFile(
    {
      kind: 'file',
      path: step.file.path,
      source: context.backup,
      mode: mode & 0o7777,
      uid,
      gid,
      content: step.file.content,
    },
    context,
  );
}

/** Swaps a file for another in one step. Throws `host-file-conflict` when a person has changed it meanwhile. */
export function replaceFile({ before, by }: Of<'replace'>, { paths, backup }: StepContext): void {
  const path = paths.locate(by.path);
  if (compareInstalled(path, before) !== 'unchanged') {
    throw new BerthError('host-file-conflict', `cannot replace: ${by.path}: it was changed just now`, {
      hint: 'run the command again',
    });
  }
  if (before.type === 'file') {
    rmSync(backup, { force: true });
    copyToNew(path, backup, ownerOf(path));
    syncDirectory(dirname(backup));
  }
  swapIn(path, by);
}

/** Swaps the old file in again, unless a person has changed the new one since. */
export function swapBack({ before, by }: Of<'replace'>, context: StepContext): void {
  const { paths, backup, warn } = context;
  const path = paths.locate(by.path);
  rmSync(`${path}.berth-new`, { force: true });
  const old = before.type === 'file' ? lstatSync(backup, { throwIfNoEntry: false }) : undefined;
  // Without a backup the step never came to its swap.
  if (before.type === 'file' && old === undefined) return;
  const installed: InstalledFile =
    by.kind === 'file'
      ? { path: by.path, type: 'file', content: by.content }
      : { path: by.path, type: 'symlink', content: by.target };
  if (compareInstalled(path, installed) === 'changed') {
    if (compareInstalled(path, before) !== 'unchanged') warn(`kept, because it was changed: ${by.path}`);
    return;
  }
  const source = { kind: 'file', path: by.path, source: backup, content: before.content } as const;
  if (old !== undefined) swapIn(path, { ...source, ...ownerOf(backup) });
  else swapIn(path, { kind: 'symlink', path: by.path, target: before.content });
}

// rename(2) replaces what is there in one step: nobody finds half a file, or none.
function swapIn(path: string, by: Of<'replace'>['by']): void {
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { force: true });
  try {
    if (by.kind === 'file') copyToNew(by.source, temporary, by);
    else symlinkSync(by.target, temporary);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

export function moveFile(from: string, to: string, { paths }: Pick<StepContext, 'paths'>): void {
  try {
    renameSync(paths.locate(from), paths.locate(to));
  } catch (error) {
    // A change that is run again finds the file where it put it the first time.
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  syncDirectory(dirname(paths.locate(to)));
}

/**
 * Copies a file to a name where there is none, and to disk. Nothing goes by that name once the file is
 * open: the directory may be another user's, who could put a symlink there and be given what it leads to.
 */
function copyToNew(source: string, path: string, owner: Owner): void {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    copyFileSync(source, `/proc/self/fd/${descriptor}`, constants.COPYFILE_FICLONE);
    setOwner(descriptor, owner);
    copyXattrs(source, descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function occupied(path: string): BerthError {
  return new BerthError(
    'host-file-conflict',
    `cannot install: ${path}: a file is there that berth did not put there`,
    {
      hint: `move ${path} away, then run the command again`,
    },
  );
}
