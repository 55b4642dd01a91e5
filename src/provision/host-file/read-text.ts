import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Mistakes } from './mistakes.ts';

/** Bytes. */
const LARGEST = 1024 * 1024;

/** The bytes of a file; undefined, and a mistake, for one that is not regular, too large, or anybody's. Throws `io`. */
export function readBytes(file: string, mistakes: Mistakes): Buffer | undefined {
  try {
    // Without O_NONBLOCK a pipe would be waited for.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(descriptor);
      const cause = against(stat);
      if (cause === undefined) {
        return isTooLarge(stat.size, file, mistakes) ? undefined : readFileSync(descriptor);
      }
      mistakes.add({ file, line: 1, column: 1 }, cause);
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileSystemError(error, 'cannot read', file);
  }
}

/** Why a file is not read. */
function against(stat: Stats): string | undefined {
  if (anybodyMayWrite(stat)) return 'any user may write to it: look at it, and chmod o-w';
  return stat.isFile() ? undefined : 'not a regular file';
}

/** Who writes it decides what root runs. */
export function anybodyMayWrite({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0;
}

function isTooLarge(size: number, file: string, mistakes: Mistakes): boolean {
  if (size <= LARGEST) return false;
  mistakes.add({ file, line: 1, column: 1 }, 'larger than 1 MiB: split it, and name the parts in include');
  return true;
}

/**
 * Text of UTF-8, at most 1 MiB, without control characters but tabs and line breaks; undefined, and a mistake,
 * for other bytes.
 */
export function decodeText(bytes: Uint8Array, file: string, mistakes: Mistakes): string | undefined {
  if (isTooLarge(bytes.length, file, mistakes)) return undefined;
  const isText = isUtf8(bytes);
  const text = new TextDecoder().decode(bytes);
  const offset = text.search(isText ? /[^\P{Cc}\t\n\r]/u : /\uFFFD/u);
  if (offset === -1) return text;
  const before = text.slice(0, offset).split('\n');
  const position = { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
  mistakes.add(
    position,
    isText ? `the control character U+${code}: leave it out` : 'not UTF-8: save the file as UTF-8',
  );
  return undefined;
}
