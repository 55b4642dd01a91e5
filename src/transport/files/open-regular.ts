import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { archiveInvalid } from './image-files.ts';

/**
 * Opens a regular file to read; undefined where there is none. Never waits, as opening a pipe would, and
 * with `O_NOFOLLOW` in `flags` follows no symlink. Throws `archive-invalid` for what is no regular file, `io`.
 */
export async function openRegular(path: string, place: string, flags = 0): Promise<FileHandle | undefined> {
  const handle = await openExisting(path, place, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  if (handle === undefined) return undefined;
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw archiveInvalid(place, 'it is no regular file');
}

/** Opens what is there; undefined where nothing is. Throws `archive-invalid` for a symlink that must not be one, `io`. */
export async function openExisting(
  path: string,
  place: string,
  flags: number,
): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    // Linux answers ELOOP where O_NOFOLLOW meets a symlink, ENOTDIR with O_DIRECTORY, and ENXIO for a socket.
    if (isErrno(error, 'ELOOP', 'ENOTDIR', 'ENXIO')) {
      const cause = isErrno(error, 'ENOTDIR') ? 'it is no directory' : 'a symlink or a special file';
      throw archiveInvalid(place, cause, { cause: error });
    }
    throw fileSystemError(error, 'cannot open', place);
  }
}
