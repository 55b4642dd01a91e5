import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from './errors.ts';

const MAX_LINKS = 40;

/** Where a path below a root leads. */
export interface FollowedPath {
  /** The name to open now, with no symlink in it below the root. */
  path: string;
  /** The same place as a process would name it whose root this is. */
  inside: string;
  /** `blocked`: the way leads through what is no directory. `loop`: it leads through too many symlinks. */
  type: 'directory' | 'file' | 'other' | 'missing' | 'blocked' | 'loop';
}

/**
 * Follows a path as a process would whose root directory this is (openat2(2), RESOLVE_IN_ROOT): ".." stops
 * at the root, absolute symlinks begin there. What is missing is followed no further; its parents may be
 * missing too. Nobody may change the tree meanwhile. `onLink` hears of each symlink that is followed, by the
 * name to open now. Throws errors of the operating system.
 */
export function followPath(
  root: string,
  inside: string,
  onLink: (path: string) => void = () => undefined,
): FollowedPath {
  const waiting = inside.split('/').reverse();
  const walked: string[] = [];
  let type: FollowedPath['type'] = 'directory';
  let links = 0;
  for (let component = waiting.pop(); component !== undefined; component = waiting.pop()) {
    if (component === '' || component === '.') continue;
    if (component === '..') {
      walked.pop();
      if (type !== 'blocked') type = typeOf(join(root, ...walked));
      continue;
    }
    if (type === 'file' || type === 'other') type = 'blocked';
    const path = join(root, ...walked, component);
    const link = type === 'directory' ? linkTarget(path) : undefined;
    if (link !== undefined) {
      links += 1;
      if (links > MAX_LINKS) return { path, inside, type: 'loop' };
      onLink(path);
      if (link.startsWith('/')) walked.length = 0;
      waiting.push(...link.split('/').reverse());
      continue;
    }
    walked.push(component);
    if (type === 'directory') type = typeOf(path);
  }
  return { path: join(root, ...walked), inside: `/${walked.join('/')}`, type };
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT')) return undefined;
    throw error;
  }
}

function typeOf(path: string): FollowedPath['type'] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  if (found.isDirectory()) return 'directory';
  return found.isFile() ? 'file' : 'other';
}
