import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

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
      if (type !== 'blocked') type = typeOf(look(join(root, ...walked)));
      continue;
    }
    if (type === 'file' || type === 'other') type = 'blocked';
    const path = join(root, ...walked, component);
    const found = type === 'directory' ? look(path) : undefined;
    if (found?.isSymbolicLink()) {
      links += 1;
      if (links > MAX_LINKS) return { path, inside, type: 'loop' };
      onLink(path);
      const link = readlinkSync(path);
      if (link.startsWith('/')) walked.length = 0;
      waiting.push(...link.split('/').reverse());
      continue;
    }
    walked.push(component);
    if (type === 'directory') type = typeOf(found);
  }
  return { path: join(root, ...walked), inside: `/${walked.join('/')}`, type };
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function typeOf(found: Stats | undefined): FollowedPath['type'] {
  if (found === undefined) return 'missing';
  if (found.isDirectory()) return 'directory';
  return found.isFile() ? 'file' : 'other';
}
