import { closeSync, constants as flags, fstatSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * Opens a regular file, or a directory, to read: the caller closes the descriptor. Never waits: whoever may put a pipe
 * where a file should be could otherwise keep berth waiting for ever. Throws errors of the operating system; EINVAL
 * for a pipe, a socket or a device.
 */
export function openRegularFile(path: string, more = 0): number {
  const descriptor = openSync(path, flags.O_RDONLY | flags.O_NONBLOCK | flags.O_NOCTTY | more);
  const stat = fstatSync(descriptor);
  // Reading a directory fails by itself.
  if (stat.isFile() || stat.isDirectory()) return descriptor;
  closeSync(descriptor);
  throw refusal('EINVAL', 'not a regular file', path);
}

/** What is no error to the operating system, in the form of one. */
export function refusal(code: 'EINVAL' | 'EFBIG', words: string, path: string): Error {
  const error = new Error(`${code}: ${words}, open '${path}'`);
  return Object.assign(error, { code, errno: -constants.errno[code], path });
}

/** All of a regular file. Throws as `openRegularFile`. */
export function readRegularFile(path: string): Buffer {
  const descriptor = openRegularFile(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The same as text of UTF-8. */
export function readRegularText(path: string): string {
  return readRegularFile(path).toString('utf8');
}
