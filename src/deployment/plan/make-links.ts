import { linkSync } from 'node:fs';
import { isErrno } from '../../errors.ts';
import type { FileName } from '../../linux/libc.ts';

/**
 * Makes hard links: what exists and the new path in turn, as latin1 text. Returns the paths of those that
 * `tryLink` could not make.
 */
export function makeLinks(links: readonly string[]): string[] {
  const unlinked: string[] = [];
  for (let index = 0; index < links.length; index += 2) {
    const [existing = '', path = ''] = [links[index], links[index + 1]];
    if (!tryLink(fileName(existing), fileName(path))) unlinked.push(path);
  }
  return unlinked;
}

/** False for too many links, another file system, or one without links (or a policy that forbids this one). */
export function tryLink(existing: FileName, path: FileName): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EMLINK', 'EXDEV', 'EPERM')) return false;
    throw error;
  }
}

/** Names are latin1 text that stands for bytes; plain ASCII is the same either way, and faster as text. */
export function fileName(path: string): FileName {
  return /^[\x20-\x7e]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}
