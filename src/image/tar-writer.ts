/** An entry of an archive to be written; text is latin1 and stands for bytes. */
export interface TarHeaderFields {
  type: keyof typeof TYPE_FLAGS;
  name: string;
  linkName?: string;
  /** Bytes of content; only of a file. */
  size?: number;
  uid?: number;
  gid?: number;
  mode: number;
  /** Nanoseconds since 1970. */
  mtime?: bigint;
  major?: number;
  minor?: number;
  xattrs?: readonly (readonly [name: string, value: string])[];
}

export const TAR_BLOCK = 512;

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);

const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;

const SECOND = 1_000_000_000n;
const LONGEST_NAME = 100;
const LARGEST_ID = 0o7777777;
const LARGEST_SIZE = 0o77777777777;

/**
 * The header of an entry in POSIX's pax format (pax(1), "ustar Interchange Format"): the same fields give
 * the same bytes. What a ustar header cannot hold stands in an extended header before it.
 */
export function tarHeader(fields: TarHeaderFields): Buffer {
  const pax = paxRecords(fields);
  const header = ustarHeader(TYPE_FLAGS[fields.type], fields);
  if (pax.length === 0) return header;
  const extended = ustarHeader('x', { name: 'PaxHeaders.0/entry', mode: 0o644, size: pax.length });
  return Buffer.concat([extended, pax, tarPadding(pax.length), header]);
}

/** What stands behind so many bytes of content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

function ustarHeader(flag: string, fields: Omit<TarHeaderFields, 'type'>): Buffer {
  const { name, linkName = '', size = 0, uid = 0, gid = 0, mode, mtime = 0n, major = 0, minor = 0 } = fields;
  const block = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number | bigint, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(name.slice(0, LONGEST_NAME), 0, 'latin1');
  octal(mode, 100, 7);
  octal(fitting(uid, LARGEST_ID), 108, 7);
  octal(fitting(gid, LARGEST_ID), 116, 7);
  octal(fitting(size, LARGEST_SIZE), 124, 11);
  octal(isPlainTime(mtime) ? mtime / SECOND : 0n, 136, 11);
  block.fill(' ', 148, 156);
  block.write(flag, 156, 'latin1');
  block.write(linkName.slice(0, LONGEST_NAME), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(major, 329, 7);
  octal(minor, 337, 7);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function paxRecords(fields: Omit<TarHeaderFields, 'type'>): Buffer {
  const { name, linkName = '', size = 0, uid = 0, gid = 0, mtime = 0n, xattrs = [] } = fields;
  const records: [string, string][] = [];
  if (name.length > LONGEST_NAME) records.push(['path', name]);
  if (linkName.length > LONGEST_NAME) records.push(['linkpath', linkName]);
  if (size > LARGEST_SIZE) records.push(['size', String(size)]);
  if (uid > LARGEST_ID) records.push(['uid', String(uid)]);
  if (gid > LARGEST_ID) records.push(['gid', String(gid)]);
  if (!isPlainTime(mtime)) records.push(['mtime', decimalTime(mtime)]);
  for (const [key, value] of xattrs) records.push([`SCHILY.xattr.${key}`, value]);
  return Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''), 'latin1');
}

// "LENGTH KEY=VALUE\n", where LENGTH counts the whole record, itself included.
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const guess = rest.length + String(rest.length).length;
  return `${rest.length + String(guess).length}${rest}`;
}

function fitting(value: number, largest: number): number {
  return value > largest ? 0 : value;
}

function isPlainTime(mtime: bigint): boolean {
  return mtime >= 0n && mtime % SECOND === 0n && mtime / SECOND <= BigInt(LARGEST_SIZE);
}

function decimalTime(mtime: bigint): string {
  const positive = mtime < 0n ? -mtime : mtime;
  const fraction = String(positive % SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${mtime < 0n ? '-' : ''}${positive / SECOND}${fraction === '' ? '' : `.${fraction}`}`;
}
