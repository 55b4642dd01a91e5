import { invalid } from '../image/layer-problem.ts';

export const BLOCK = 512;

const NUL = 0;
const SPACE = 0x20;
const ZERO = 0x30;

/** One header block of a tar archive, decoded but not yet judged; text is latin1 and stands for bytes. */
export interface TarHeader {
  typeflag: string;
  name: string;
  linkName: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  major: number;
  minor: number;
}

/**
 * Decodes a header block: POSIX ustar, GNU, star or the v7 format (pax(1), "ustar Interchange
 * Format"; GNU tar manual, "Basic Tar Format"). Throws `layer-invalid`.
 */
export function parseTarHeader(block: Buffer): TarHeader {
  checkSum(block);
  const magic = block.toString('latin1', 257, 265);
  const posix = magic === 'ustar\x0000';
  if (!posix && magic !== 'ustar  \0' && !isV7(block)) throw invalid('header of no known tar format');
  const extended = posix || magic === 'ustar  \0';
  return {
    typeflag: block.toString('latin1', 156, 157),
    name: withPrefix(posix ? prefix(block) : '', text(block, 0, 100)),
    linkName: text(block, 157, 257),
    mode: number(block, 100, 108, 'mode'),
    uid: number(block, 108, 116, 'uid'),
    gid: number(block, 116, 124, 'gid'),
    size: number(block, 124, 136, 'size'),
    mtime: number(block, 136, 148, 'mtime'),
    major: extended ? number(block, 329, 337, 'device number') : 0,
    minor: extended ? number(block, 337, 345, 'device number') : 0,
  };
}

// The magic field of v7 is unused; other writers' formats are not guessed at.
function isV7(block: Buffer): boolean {
  return block.subarray(257, 265).every((byte) => byte === 0);
}

// GNU's own format has times where POSIX has the prefix, and star has them at its end.
function prefix(block: Buffer): string {
  const star = block.toString('latin1', 508, 512) === 'tar\0';
  return text(block, 345, star ? 476 : 500);
}

function withPrefix(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

function checkSum(block: Buffer): void {
  // Its own field counts as eight spaces.
  let sum = 8 * SPACE;
  for (let index = 0; index < BLOCK; index += 1) sum += block[index] ?? 0;
  for (let index = 148; index < 156; index += 1) sum -= block[index] ?? 0;
  if (number(block, 148, 156, 'checksum') !== sum) throw invalid('header checksum differs');
}

function text(block: Buffer, start: number, end: number): string {
  const nul = block.indexOf(0, start);
  return block.toString('latin1', start, nul === -1 || nul > end ? end : nul);
}

function number(block: Buffer, start: number, end: number, field: string): number {
  const first = block[start] ?? 0;
  return first & 0x80 ? base256(block, start, end, field) : octal(block, start, end, field);
}

// By bytes: text and a pattern for seven fields of each header took a quarter of the time of reading them.
// Digits between optional spaces, ended by a NUL or a space; what comes after that is not looked at. One NUL
// before them is passed over, as GNU tar does it for a writer whose field before ran over.
function octal(block: Buffer, start: number, end: number, field: string): number {
  let at = block[start] === NUL ? start + 1 : start;
  while (at < end && block[at] === SPACE) at += 1;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  if (at < end && block[at] !== SPACE && block[at] !== NUL) throw invalid(`${field} is not octal`);
  return value;
}

// GNU: big-endian two's complement, whose first byte has bit 7 set as a mark and bit 6 as the sign.
function base256(block: Buffer, start: number, end: number, field: string): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  for (let index = start; index < end; index += 1) {
    const byte = BigInt(block[index] ?? 0);
    value = (value << 8n) | (index === start && !negative ? byte & 0x7fn : byte);
  }
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
    throw invalid(`${field} is too large`);
  }
  return Number(value);
}
