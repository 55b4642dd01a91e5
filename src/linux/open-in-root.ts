import { callLibc, cString } from './libc.ts';

/** open(2): a descriptor that names a file and opens none; the flag Node lacks. */
export const O_PATH = 0o10000000;

// The same number for every processor, and linux/openat2.h.
const SYS_OPENAT2 = 437;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

// Somebody moved directories meanwhile, and the kernel could not be sure (openat2(2), EAGAIN).
const TRIES = 32;

/**
 * Opens a path as a process would whose root is the directory `root`: whatever its symlinks say, and whoever
 * changes them meanwhile, it leads nowhere else. Throws errors of the operating system.
 */
export function openInRoot(root: number, path: string, flags: number): number {
  // struct open_how: flags, mode, resolve.
  const how = new BigUint64Array([flags | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS].map(BigInt));
  for (let tries = 1; ; tries += 1) {
    try {
      const prototype = 'int64_t syscall(int64_t, int, const void *, const void *, size_t)';
      return callLibc(prototype, [SYS_OPENAT2, root, cString(path), how, how.byteLength], path);
    } catch (error) {
      if (tries === TRIES || !(error instanceof Error && 'code' in error && error.code === 'EAGAIN'))
        throw error;
    }
  }
}
