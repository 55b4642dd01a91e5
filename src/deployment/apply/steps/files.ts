import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno } from '../../../errors.ts';
import { syncDirectory } from '../../../linux/durable.ts';
import { copyXattrs } from '../../../linux/xattr.ts';
import { hashFile } from '../../hash-file.ts';
import type { Step } from '../../plan/plan.ts';
import type { InstalledFile } from '../../record.ts';
import type { StepContext } from './context.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

export function makeDirectory(step: Of<'directory'>, { paths }: StepContext): void {
  const path = paths.locate(step.path);
  mkdirSync(path, { mode: step.mode });
  chownSync(path, step.uid, step.gid);
  chmodSync(path, step.mode);
  syncDirectory(dirname(path));
}

/** Removes a directory unless something is in it: what is in it is not berth's. */
export function removeDirectory(path: string, { paths }: StepContext): void {
  try {
    rmdirSync(paths.locate(path));
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EBUSY')) throw error;
  }
}

/** Copies a file to a place where there is none. Throws `host-file-conflict` when there is one. */
export function putFile(step: Of<'file'>, { paths }: StepContext): void {
  const path = paths.locate(step.path);
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { force: true });
  try {
    copyFileSync(step.source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    // chown clears setuid bits and file capabilities, so it goes first.
    chownSync(temporary, step.uid, step.gid);
    chmodSync(temporary, step.mode);
    copyXattrs(step.source, temporary);
    syncFile(temporary);
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

export function putSymlink(step: Of<'symlink'>, { paths }: StepContext): void {
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
    copyFileSync(path, backup, constants.COPYFILE_FICLONE);
    chownSync(backup, uid, gid);
    chmodSync(backup, mode & 0o7777);
    copyXattrs(path, backup);
    syncFile(backup);
  }
  unlinkSync(path);
  syncDirectory(dirname(path));
}

export function restoreFile(step: Of<'remove'>, context: StepContext): void {
  const path = context.paths.locate(step.file.path);
  if (compareInstalled(path, step.file) !== 'absent') return;
  if (step.file.type === 'symlink') {
    putSymlink({ kind: 'symlink', path: step.file.path, target: step.file.content }, context);
    return;
  }
  const { uid, gid, mode } = lstatSync(context.backup);
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

export function moveFile(from: string, to: string, { paths }: StepContext): void {
  try {
    renameSync(paths.locate(from), paths.locate(to));
  } catch (error) {
    // A change that is run again finds the file where it put it the first time.
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  syncDirectory(dirname(paths.locate(to)));
}

/** How a file on the host stands to what was put there. `path` is the path to open. */
export function compareInstalled(path: string, file: InstalledFile): 'unchanged' | 'changed' | 'absent' {
  try {
    const stat = lstatSync(path);
    if (file.type === 'symlink') {
      return stat.isSymbolicLink() && readlinkSync(path) === file.content ? 'unchanged' : 'changed';
    }
    return stat.isFile() && hashFile(path) === file.content ? 'unchanged' : 'changed';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
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
