import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';

const MAX_LINKS = 40;

/** Where a path of the image leads. `path` is the host's name of it, with no symlink in it below the rootfs. */
export interface RootfsPath {
  path: string;
  type: 'directory' | 'file' | 'other' | 'missing';
}

/**
 * Follows a path of an image below its rootfs as a process in the container would: ".." stops at the
 * rootfs, absolute symlinks begin there. What is missing is followed no further; its parents may be
 * missing too. Throws `runtime-config-invalid` for a loop of symlinks or a path through a file.
 *
 * Nobody may change the rootfs meanwhile. `onLink` hears of each symlink that is followed, by its name on the host.
 */
export async function resolveInRootfs(
  rootfs: string,
  inside: string,
  onLink: (path: string) => void = () => undefined,
): Promise<RootfsPath> {
  const waiting = inside.split('/').reverse();
  const walked: string[] = [];
  let type: RootfsPath['type'] = 'directory';
  let links = 0;
  for (let component = waiting.pop(); component !== undefined; component = waiting.pop()) {
    if (component === '' || component === '.') continue;
    if (component === '..') {
      walked.pop();
      type = await typeOf(join(rootfs, ...walked));
      continue;
    }
    if (type !== 'directory' && type !== 'missing') throw broken(inside, 'it leads through a file');
    const path = join(rootfs, ...walked, component);
    const link = await linkTarget(path);
    if (link !== undefined) {
      links += 1;
      onLink(path);
      if (links > MAX_LINKS) throw broken(inside, 'too many symbolic links');
      if (link.startsWith('/')) walked.length = 0;
      waiting.push(...link.split('/').reverse());
      type = 'directory';
      continue;
    }
    walked.push(component);
    type = type === 'missing' ? 'missing' : await typeOf(path);
  }
  return { path: join(rootfs, ...walked), type };
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT')) return undefined;
    throw error;
  }
}

async function typeOf(path: string): Promise<RootfsPath['type']> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return 'directory';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'missing';
    throw error;
  }
}

function broken(inside: string, why: string): BerthError {
  return new BerthError(
    'runtime-config-invalid',
    `not usable in the image: ${JSON.stringify(inside)}: ${why}`,
  );
}
