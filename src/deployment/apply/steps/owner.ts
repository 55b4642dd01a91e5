import { fchmodSync, fchownSync, lstatSync } from 'node:fs';

/** Whose a file or directory is, and who else may use it. */
export interface Owner {
  uid: number;
  gid: number;
  mode: number;
}

/** Of a file, or of a symlink itself. */
export function ownerOf(path: string): Owner {
  const { uid, gid, mode } = lstatSync(path);
  return { uid, gid, mode: mode & 0o7777 };
}

/** Makes an open file somebody's: chown clears setuid bits and file capabilities, so it goes first. */
export function setOwner(descriptor: number, { uid, gid, mode }: Owner): void {
  fchownSync(descriptor, uid, gid);
  fchmodSync(descriptor, mode);
}
