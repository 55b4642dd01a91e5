import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DeploymentRecord, InstalledFile, RecordedFile } from '../record.ts';
import type { FileStep, SymlinkStep } from './plan.ts';

/** The step that puts a file of a deployment where there is none. `deployment` is its directory, once it is in its place. */
export function arrival(file: RecordedFile, deployment: string): FileStep | SymlinkStep {
  const { path, type, content, source, mode, uid, gid } = file;
  return type === 'symlink'
    ? { kind: 'symlink', path, target: content }
    : { kind: 'file', path, source: join(deployment, source), mode, uid, gid, content };
}

/** What must be known of a file later to see whether a person has changed it. */
export function installedAs({ path, type, content }: RecordedFile): InstalledFile {
  return { path, type, content };
}

/** True for files that are the same on the host: content, owner, mode and extended attributes. */
export function isSameFile(one: RecordedFile, other: RecordedFile): boolean {
  if (one.type !== other.type || one.content !== other.content) return false;
  return (
    one.type === 'symlink' ||
    (one.uid === other.uid &&
      one.gid === other.gid &&
      one.mode === other.mode &&
      isDeepStrictEqual(one.xattrs ?? [], other.xattrs ?? []))
  );
}

/** The file of this path, if a deployment has one. */
export function fileAt({ files }: Pick<DeploymentRecord, 'files'>, path: string): RecordedFile | undefined {
  return files.find((file) => file.path === path);
}
