import { callLibc, cString, type FileName } from './libc.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const SECOND = 1_000_000_000n;

/** Sets access and modification time, in nanoseconds since 1970, of a file or of the symlink itself. */
export function setMtime(path: FileName, nanoseconds: bigint): void {
  callLibc(
    'int utimensat(int, const void *, const void *, int)',
    [AT_FDCWD, cString(path), timespecs(nanoseconds), AT_SYMLINK_NOFOLLOW],
    path,
  );
}

/** The same of an open file. */
export function setMtimeOfDescriptor(descriptor: number, nanoseconds: bigint): void {
  callLibc('int futimens(int, const void *)', [descriptor, timespecs(nanoseconds)]);
}

// struct timespec of the 64-bit ABIs, twice. Nanoseconds count upwards from the second even before 1970.
function timespecs(nanoseconds: bigint): BigInt64Array {
  const rest = ((nanoseconds % SECOND) + SECOND) % SECOND;
  const seconds = (nanoseconds - rest) / SECOND;
  return new BigInt64Array([seconds, rest, seconds, rest]);
}
