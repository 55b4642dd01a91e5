import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { isAtOrBelow } from '../deployment/exports/host-files-places.ts';
import type { ShowRequest } from '../deployment/mounts/show-tree.ts';
import { BerthError, isErrno } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { MountTarget } from '../linux/mount.ts';
import { othersCanChange } from '../linux/only-root.ts';
import type { Paths } from '../paths.ts';
import { shellLineToPaste } from '../systemd/shell-quote.ts';

/**
 * The empty directory that a person wants something mounted on; the caller closes `target`. Throws `usage`,
 * `destination-exists` and `io`.
 */
export function openMountPoint(text: string, paths: Paths): Pick<ShowRequest, 'directory' | 'target'> {
  const target = open(text);
  try {
    const directory = readlinkSync(target.path);
    refuseOwn(text, directory, paths);
    if (target.isEmpty) return { directory, target };
    throw new BerthError('destination-exists', `cannot mount: ${text}: it is not empty`, {
      hint: shellLineToPaste(['ls', '-la', text]),
    });
  } catch (error) {
    target[Symbol.dispose]();
    throw error;
  }
}

/** The directory for what is written, which only root may change. Throws `usage`. */
export function findWork(text: string, paths: Paths): string {
  const stat = statSync(text, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) {
    throw new BerthError('usage', `not a directory: --work ${text}`, {
      hint: shellLineToPaste(['mkdir', '-m', '700', text]),
    });
  }
  if (othersCanChange(stat)) {
    throw new BerthError('usage', `others than root can change it: --work ${text}`, {
      hint: `${shellLineToPaste(['chown', 'root:root', text])} && ${shellLineToPaste(['chmod', 'go-w', text])}`,
    });
  }
  const directory = realpathSync(text);
  refuseOwn(text, directory, paths);
  return directory;
}

function open(text: string): MountTarget {
  try {
    return new MountTarget(text);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw fileSystemError(error, 'cannot mount', text);
    const absent = error.code === 'ENOENT';
    throw new BerthError('usage', `cannot mount: ${text}: ${absent ? 'no such' : 'not a'} directory`, {
      ...(absent ? { hint: shellLineToPaste(['mkdir', text]) } : {}),
      cause: error,
    });
  }
}

function refuseOwn(text: string, directory: string, paths: Paths): void {
  const own = paths.sides.map(({ state }) => state).find((state) => isAtOrBelow(directory, state));
  if (own === undefined) return;
  throw new BerthError('usage', `cannot mount: ${text}: ${own} belongs to berth`);
}
