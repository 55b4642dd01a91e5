import { invalid, printable } from '../image/layer-problem.ts';

/** The records of a PAX header that mean something for a layer; text is latin1 and stands for bytes. */
export interface PaxRecords {
  path?: string;
  linkpath?: string;
  size?: number;
  uid?: number;
  gid?: number;
  /** Nanoseconds since 1970. */
  mtime?: bigint;
  xattrs: Map<string, string>;
}

const XATTR = 'SCHILY.xattr.';

/**
 * Reads the records of an extended header (pax(1), "pax Extended Header"). Values are bytes: a length
 * counts them, and file capabilities have NULs and newlines in them. Records that do not change what
 * is unpacked (atime, uname, comment …) are passed over. Throws `layer-invalid`, also for sparse files.
 */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: PaxRecords = { xattrs: new Map() };
  for (const [key, value] of eachRecord(bytes)) applyRecord(records, key, value);
  return records;
}

/**
 * Checks the form of a global header, which changes nothing: container tools pass over global records,
 * unlike tar(1), and an image is what they make of it. Throws `layer-invalid`.
 */
export function checkGlobalPax(bytes: Buffer): void {
  for (const _record of eachRecord(bytes));
}

function applyRecord(records: PaxRecords, key: string, value: string): void {
  switch (key) {
    case 'path':
    case 'linkpath':
      if (value === '' || value.includes('\0')) throw invalid(`PAX ${key} is empty or has a NUL`);
      records[key] = value;
      return;
    case 'size':
    case 'uid':
    case 'gid':
      records[key] = decimal(key, value);
      return;
    case 'mtime':
      records.mtime = time(value);
      return;
  }
  if (key.startsWith(XATTR)) {
    const name = key.slice(XATTR.length);
    if (name === '' || name.length > 255 || name.includes('\0')) throw invalid('PAX xattr has a wrong name');
    records.xattrs.set(name, value);
  } else if (key.startsWith('GNU.sparse.') || key === 'SCHILY.realsize') {
    throw invalid('sparse files are not supported');
  } else if (key.startsWith('GNU.volume.')) {
    throw invalid('multi-volume archives are not supported');
  }
}

// "LENGTH KEY=VALUE\n", where LENGTH counts the whole record, itself included.
function* eachRecord(bytes: Buffer): Generator<[key: string, value: string]> {
  for (let start = 0; start < bytes.length; ) {
    const length = /^([1-9][0-9]{0,7}) /.exec(bytes.toString('latin1', start, start + 9))?.[1];
    if (length === undefined) throw invalid('PAX record has no length');
    const end = start + Number(length);
    const equals = bytes.indexOf(0x3d, start);
    const keyAt = start + length.length + 1;
    if (end > bytes.length || bytes[end - 1] !== 0x0a || equals <= keyAt || equals > end - 2) {
      throw invalid('PAX record is cut off or has no key');
    }
    yield [bytes.toString('latin1', keyAt, equals), bytes.toString('latin1', equals + 1, end - 1)];
    start = end;
  }
}

function decimal(key: string, value: string): number {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`PAX ${key} is not a number: ${printable(value)}`);
  return number;
}

// Anything below a nanosecond is cut off, towards the past, as GNU tar does.
function time(value: string): bigint {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]{0,30}))?$/.exec(value);
  if (match === null) throw invalid(`PAX mtime is not a time: ${printable(value)}`);
  const [, sign, seconds = '', fraction = ''] = match;
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
  if (sign === '') return nanoseconds;
  return -nanoseconds - (/[1-9]/.test(fraction.slice(9)) ? 1n : 0n);
}
