import { existsSync, realpathSync, statSync } from 'node:fs';
import { isAtOrBelow } from '../deployment/exports/host-files-places.ts';
import { BerthError, isErrno } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { OpenDirectory } from '../linux/mount.ts';
import { othersCanChange } from '../linux/only-root.ts';
import type { Paths } from '../paths.ts';
import { shellLineToPaste } from '../systemd/shell-quote.ts';

/**
 * The empty directory that a person wants something mounted on; the caller closes it. Throws `usage`,
 * `destination-exists` and `io`.
 */
export function openMountPoint(text: string, paths: Paths): OpenDirectory {
  const directory = open(text, (what, absent) => ({
    message: `cannot mount: ${text}: ${what}`,
    ...(absent ? { hint: shellLineToPaste(['mkdir', text]) } : {}),
  }));
  return checked(directory, () => {
    refuseOwn(text, directory, paths);
    if (directory.isEmpty) return;
    throw new BerthError('destination-exists', `cannot mount: ${text}: it is not empty`, {
      hint: shellLineToPaste(['ls', '-la', text]),
    });
  });
}

/** The directory for what is written, which only root may change; the caller closes it. Throws `usage` and `io`. */
export function openWork(text: string, paths: Paths): OpenDirectory {
  const directory = open(text, () => ({
    message: `not a directory: --work ${text}`,
    hint: shellLineToPaste(['mkdir', '-m', '700', text]),
  }));
  return checked(directory, () => {
    refuseOwn(text, directory, paths);
    if (!othersCanChange(statSync(directory.path))) return;
    throw new BerthError('usage', `others than root can change it: --work ${text}`, {
      hint: `${shellLineToPaste(['chown', 'root:root', text])} && ${shellLineToPaste(['chmod', 'go-w', text])}`,
    });
  });
}

function open(
  text: string,
  explain: (what: string, absent: boolean) => { message: string; hint?: string },
): OpenDirectory {
  try {
    return new OpenDirectory(text);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw fileSystemError(error, 'cannot mount', text);
    const absent = error.code === 'ENOENT';
    const { message, ...hint } = explain(`${absent ? 'no such' : 'not a'} directory`, absent);
    throw new BerthError('usage', message, { ...hint, cause: error });
  }
}

function checked(directory: OpenDirectory, check: () => void): OpenDirectory {
  try {
    check();
    return directory;
  } catch (error) {
    directory[Symbol.dispose]();
    throw error;
  }
}

function refuseOwn(text: string, { name }: OpenDirectory, paths: Paths): void {
  const states = paths.sides.map(({ state }) => state).filter((state) => existsSync(state));
  const own = states.find((state) => isAtOrBelow(name, realpathSync(state)));
  if (own === undefined) return;
  throw new BerthError('usage', `cannot mount: ${text}: ${own} belongs to berth`);
}
