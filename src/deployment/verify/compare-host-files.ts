import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, messageOf } from '../../errors.ts';
import { syncDirectory } from '../../linux/durable.ts';
import type { Paths } from '../../paths.ts';
import { UNREADABLE } from '../../store/content-check.ts';
import { readXattrs } from '../../store/object.ts';
import { moveFile, putFile, putSymlink } from '../apply/steps/files.ts';
import { compareInstalled } from '../compare-installed.ts';
import { freeName } from '../free-name.ts';
import type { DeploymentRecord, RecordedFile } from '../record.ts';

/** How far a repair may go with files on the host: `force` puts berth's back where a person changed one. */
export type HostMending = 'none' | 'missing' | 'force';

export interface HostFileComparison {
  paths: Paths;
  record: DeploymentRecord;
  mending: HostMending;
  report(path: string, what: string): void;
  /** Says that a file was kept, and where. */
  kept(path: string, as: string): void;
}

/**
 * Compares what a live deployment put on the host with its record. A file that is missing is put back;
 * one that a person changed is theirs, and is moved aside only by `force`.
 * Returns true when a file was put back.
 */
export function compareHostFiles(comparison: HostFileComparison): boolean {
  const { paths, record, mending, report } = comparison;
  for (const directory of record.directories) {
    const path = paths.follow(directory);
    if (existsSync(path)) continue;
    report(path, 'missing');
    if (mending !== 'none') mkdirSync(path, { mode: 0o755, recursive: true });
  }
  return record.files.filter((file) => compareFile(file, comparison)).length > 0;
}

function compareFile(file: RecordedFile, comparison: HostFileComparison): boolean {
  const { paths, record, mending, report, kept } = comparison;
  const path = paths.locate(file.path);
  const source = join(paths.deployment(record.service, record.number), file.source);
  const what = compare(path, file, source);
  if (what === undefined) return false;
  report(path, what);
  const changed = what !== 'missing';
  if (mending === 'none' || (changed && mending !== 'force') || !canPutBack(file, source)) return false;
  if (changed) {
    const aside = freeName(`${file.path}.berthsave`, paths);
    moveFile(file.path, aside, comparison);
    kept(file.path, aside);
  }
  putBack(file, source, comparison);
  return true;
}

function compare(path: string, file: RecordedFile, source: string): string | undefined {
  try {
    const state = compareInstalled(path, file);
    if (state === 'absent') return 'missing';
    if (state === 'changed') return 'changed';
    if (file.type === 'symlink') return undefined;
    const { uid, gid, mode } = lstatSync(path);
    if ((mode & 0o7777) !== file.mode) return `mode ${octal(mode)} instead of ${octal(file.mode)}`;
    if (uid !== file.uid || gid !== file.gid) {
      return `owner ${uid}:${gid} instead of ${file.uid}:${file.gid}`;
    }
    const same =
      !existsSync(source) || JSON.stringify(readXattrs(path)) === JSON.stringify(readXattrs(source));
    return same ? undefined : 'changed extended attributes';
  } catch (error) {
    if (isErrno(error, ...UNREADABLE)) return messageOf(error);
    throw error;
  }
}

/** True when the deployment still has what was installed, byte for byte. */
function canPutBack(file: RecordedFile, source: string): boolean {
  return file.type === 'symlink' || compareInstalled(source, file) === 'unchanged';
}

function putBack(file: RecordedFile, source: string, { paths }: HostFileComparison): void {
  if (file.type === 'symlink')
    putSymlink({ kind: 'symlink', path: file.path, target: file.content }, { paths });
  else putFile({ ...file, kind: 'file', source }, { paths });
  syncDirectory(join(paths.locate(file.path), '..'));
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
