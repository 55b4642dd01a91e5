import { BerthError } from '../errors.ts';
import { type FollowedPath, followPath } from '../follow-path.ts';

/** Where a path of the image leads. `path` is the host's name of it, with no symlink in it below the rootfs. */
export interface RootfsPath {
  path: string;
  type: Exclude<FollowedPath['type'], 'blocked' | 'loop'>;
}

/**
 * Follows a path of an image below its rootfs as a process in the container would, as `followPath` does.
 * Throws `runtime-config-invalid` for a loop of symlinks or a path through a file.
 */
export function resolveInRootfs(rootfs: string, inside: string): RootfsPath {
  const { path, type } = followPath(rootfs, inside);
  if (type === 'blocked') throw broken(inside, 'it leads through a file');
  if (type === 'loop') throw broken(inside, 'too many symbolic links');
  return { path, type };
}

function broken(inside: string, why: string): BerthError {
  return new BerthError(
    'runtime-config-invalid',
    `not usable in the image: ${JSON.stringify(inside)}: ${why}`,
  );
}
