import { constants } from 'node:fs';
import { callLibc, cString, type FileName, hasLibc } from './libc.ts';

export interface DeviceNumber {
  major: number;
  minor: number;
}

/** The largest numbers that the kernel's 32-bit device number holds (12 and 20 bits). */
export const LARGEST_DEVICE: DeviceNumber = { major: 0xfff, minor: 0xfffff };

/** Makes a device node with exactly this mode. The umask is the caller's to mind: chmod afterwards. */
export function makeDevice(
  path: FileName,
  type: 'character' | 'block',
  mode: number,
  device: DeviceNumber,
): void {
  const format = (type === 'block' ? constants.S_IFBLK : constants.S_IFCHR) | mode;
  const number = encodeDevice(device);
  const name = cString(path);
  if (hasLibc('int mknod(const void *, uint32_t, uint64_t)')) {
    callLibc('int mknod(const void *, uint32_t, uint64_t)', [name, format, number], path);
  } else {
    // glibc before 2.33 has only the versioned entry that its headers used to call: version 0 is the
    // kernel's own layout on the 64-bit architectures.
    callLibc(
      'int __xmknod(int, const void *, uint32_t, const void *)',
      [0, name, format, new BigUint64Array([number])],
      path,
    );
  }
}

/** Makes a named pipe. */
export function makeFifo(path: FileName, mode: number): void {
  callLibc('int mkfifo(const void *, uint32_t)', [cString(path), mode], path);
}

/** The parts of a `dev_t` as stat(2) gives it in `rdev`. */
export function decodeDevice(number: bigint): DeviceNumber {
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
  };
}

function encodeDevice({ major, minor }: DeviceNumber): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}
