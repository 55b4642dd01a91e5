import { BerthError, isErrno } from '../errors.ts';
import { callLibc, cString, type FileName } from './libc.ts';

/** Bytes that every file system with extended attributes has room for. */
const SMALL = 1024;

/** Sets an extended attribute (xattr(7)) of a file, of the symlink itself when it is one. Throws `io` for one that is too large. */
export function setXattr(path: FileName, name: FileName, value: Uint8Array): void {
  explain(value, () =>
    callLibc(
      'int lsetxattr(const void *, const void *, const void *, size_t, int)',
      [cString(path), cString(name), value, value.length, 0],
      path,
    ),
  );
}

/** The same of an open file. */
export function setXattrOfDescriptor(descriptor: number, name: FileName, value: Uint8Array): void {
  explain(value, () =>
    callLibc('int fsetxattr(int, const void *, const void *, size_t, int)', [
      descriptor,
      cString(name),
      value,
      value.length,
      0,
    ]),
  );
}

// ext4 says of a value that is larger than its blocks what it says of a full disk.
function explain(value: Uint8Array, set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isErrno(error, 'ENOSPC') || value.length <= SMALL) throw error;
    const cause = `an extended attribute of ${value.length} bytes is too large for the file system`;
    throw new BerthError('io', cause, { cause: error });
  }
}

/** Removes an extended attribute; an error when there is none. */
export function removeXattr(path: FileName, name: FileName): void {
  callLibc('int lremovexattr(const void *, const void *)', [cString(path), cString(name)], path);
}

/** The value of an extended attribute; undefined when the file has none of that name. */
export function getXattr(path: FileName, name: FileName): Buffer | undefined {
  const args = [cString(path), cString(name)];
  try {
    return readGrowing((buffer, size) =>
      callLibc(
        'int64_t lgetxattr(const void *, const void *, void *, size_t)',
        [...args, buffer, size],
        path,
      ),
    );
  } catch (error) {
    if (isErrno(error, 'ENODATA', 'ENOTSUP')) return undefined;
    throw error;
  }
}

/** The names of a file's extended attributes as latin1 text, sorted; none where the file system has none. */
export function listXattrs(path: FileName): string[] {
  const name = cString(path);
  try {
    const names = readGrowing((buffer, size) =>
      callLibc('int64_t llistxattr(const void *, void *, size_t)', [name, buffer, size], path),
    );
    return names.toString('latin1').split('\0').filter(Boolean).sort();
  } catch (error) {
    if (isErrno(error, 'ENOTSUP')) return [];
    throw error;
  }
}

/**
 * Copies extended attributes from a file to an open one. Not the SELinux label: it belongs to the
 * place, and the kernel has given the new file the right one.
 */
export function copyXattrs(from: FileName, to: number): void {
  for (const name of listXattrs(from)) {
    if (name === 'security.selinux') continue;
    const value = getXattr(from, Buffer.from(name, 'latin1'));
    if (value !== undefined) setXattrOfDescriptor(to, Buffer.from(name, 'latin1'), value);
  }
}

// The size may grow between the two calls, so ERANGE means to ask again.
function readGrowing(read: (buffer: Buffer | null, size: number) => number): Buffer {
  for (;;) {
    const size = read(null, 0);
    if (size === 0) return Buffer.alloc(0);
    const buffer = Buffer.alloc(size);
    try {
      return buffer.subarray(0, read(buffer, size));
    } catch (error) {
      if (!isErrno(error, 'ERANGE')) throw error;
    }
  }
}
