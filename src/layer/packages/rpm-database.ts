import { checkCount, checkPackage, type Package } from './package.ts';
import { readSqliteTable } from './sqlite-table.ts';

/** Tags of a header, and the types of their values (rpm's docs/manual/tags.md and hregions.md). */
const NAME = 1000;
const VERSION = 1001;
const RELEASE = 1002;
const EPOCH = 1003;
const SIZE = 1009;
const ARCHITECTURE = 1022;
const LONG_SIZE = 5009;
const WANTED = [NAME, VERSION, RELEASE, EPOCH, SIZE, ARCHITECTURE, LONG_SIZE];
const INT32 = 4;
const INT64 = 5;
const STRING = 6;

/** Keys that signatures are checked with; rpm keeps them as packages. */
const PUBLIC_KEY = 'gpg-pubkey';

/** rpm's database, where it is one of SQLite. Throws an Error that says what is wrong. */
export function parseRpmDatabase(database: Buffer): Package[] {
  const packages: Package[] = [];
  for (const [, header] of readSqliteTable(database, 'Packages')) {
    if (!Buffer.isBuffer(header)) throw new Error('a package has no header');
    const described = parseHeader(header);
    if (described.name !== PUBLIC_KEY) packages.push(checkPackage(described));
    checkCount(packages.length);
  }
  return packages;
}

function parseHeader(header: Buffer): Package {
  const entries = readEntries(header);
  const text = (tag: number) => String(entries.get(tag) ?? '');
  const epoch = entries.get(EPOCH);
  return {
    manager: 'rpm',
    name: text(NAME),
    version: `${epoch === undefined ? '' : `${epoch}:`}${text(VERSION)}-${text(RELEASE)}`,
    architecture: text(ARCHITECTURE) || 'noarch',
    size: Number(entries.get(LONG_SIZE) ?? entries.get(SIZE)),
  };
}

/** The first value of each tag that is wanted. */
function readEntries(header: Buffer): Map<number, number | string> {
  const count = header.readUInt32BE(0);
  const data = 8 + count * 16;
  if (data > header.length) throw new Error('a header is cut off');
  const entries = new Map<number, number | string>();
  for (let at = 8; at < data; at += 16) {
    const [tag, type, offset] = [
      header.readUInt32BE(at),
      header.readUInt32BE(at + 4),
      header.readUInt32BE(at + 8),
    ];
    if (!WANTED.includes(tag) || entries.has(tag)) continue;
    const value = data + offset;
    if (type === INT32) entries.set(tag, header.readUInt32BE(value));
    else if (type === INT64) entries.set(tag, Number(header.readBigUInt64BE(value)));
    else if (type === STRING) entries.set(tag, header.toString('latin1', value, header.indexOf(0, value)));
  }
  return entries;
}
