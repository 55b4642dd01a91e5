import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../errors.ts';
import { syncDirectory, writeDurably } from '../linux/durable.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { removeIfEmpty } from '../linux/remove-if-empty.ts';
import { readRegularText } from '../regular-file.ts';

/** The drop-in that `systemctl edit` edits, too; berth's own, such as 10-berth.conf, come before it. */
export const DROP_IN = 'override.conf';

/** What a drop-in says; empty where there is none. Throws `io`. */
export function readDropIn(file: string): string {
  try {
    return readRegularText(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw fileSystemError(error, 'cannot read the drop-in', file);
  }
}

/** Writes a drop-in durably, or removes it where it says nothing, with a directory that is empty then. Throws `io`, `no-space`. */
export function writeDropIn(file: string, text: string): void {
  const directory = dirname(file);
  try {
    if (text !== '') {
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      syncDirectory(dirname(directory));
      writeDurably(file, text, 0o644);
    } else {
      rmSync(file, { force: true });
      removeIfEmpty(directory);
    }
  } catch (error) {
    throw fileSystemError(error, 'cannot write the drop-in', file);
  }
}
