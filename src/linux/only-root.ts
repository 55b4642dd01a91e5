import type { Stats } from 'node:fs';

/** True for a file or directory that others than root can change. */
export function othersCanChange({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): boolean {
  return uid !== 0 || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
}
