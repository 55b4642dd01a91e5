import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';

/**
 * What stands at a path below a root file system of an image, found component by component so that no
 * symlink is followed; undefined when nothing does. Throws `exports-invalid` for a parent that is a
 * symlink or a file: an image could otherwise show berth the host's files as its own.
 */
export function statInside(rootfs: string, path: readonly string[]): Stats | undefined {
  let located = rootfs;
  let found: Stats | undefined;
  for (const [depth, component] of path.entries()) {
    if (found !== undefined && !found.isDirectory()) {
      throw new BerthError(
        'exports-invalid',
        `not a directory: /${path.slice(0, depth).join('/')} in the image`,
      );
    }
    located = join(located, component);
    try {
      found = lstatSync(located);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
  return found;
}

/**
 * The text of a regular file below a root file system, undefined when there is none. Throws
 * `exports-invalid` for anything else at that place, for more than `limit` bytes, and for text that is not UTF-8.
 */
export function readTextInside(rootfs: string, path: readonly string[], limit: number): string | undefined {
  const name = `/${path.join('/')}`;
  const found = statInside(rootfs, path);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new BerthError('exports-invalid', `not a regular file: ${name} in the image`);
  if (found.size > limit) {
    throw new BerthError(
      'exports-invalid',
      `too large: ${name} in the image: ${found.size} bytes, at most ${limit}`,
    );
  }
  const bytes = readRegular(join(rootfs, ...path), found.size, name);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new BerthError('exports-invalid', `not UTF-8: ${name} in the image`, { cause: error });
  }
}

function readRegular(path: string, size: number, name: string): Buffer {
  // O_NONBLOCK: a fifo put there meanwhile must not stop the install.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile())
      throw new BerthError('exports-invalid', `not a regular file: ${name} in the image`);
    const buffer = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const read = readSync(descriptor, buffer, length, size - length, null);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
