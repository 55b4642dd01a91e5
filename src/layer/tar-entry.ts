import { invalid, printable, unsafe } from '../image/layer-problem.ts';
import { LARGEST_DEVICE } from '../linux/node.ts';
import type { PaxRecords } from './pax.ts';
import type { TarHeader } from './tar-header.ts';

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** An entry with its extension headers applied; text is latin1 and stands for bytes. */
export interface TarEntry {
  type: TarEntryType;
  name: string;
  linkName: string;
  /** Bytes of content; 0 for all but files. */
  size: number;
  uid: number;
  gid: number;
  mode: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  major: number;
  minor: number;
  xattrs: Map<string, string>;
}

/** The extension headers that stand before an entry. */
export interface Extensions {
  pax?: PaxRecords;
  longName?: string;
  longLink?: string;
}

const TYPES: Partial<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

// (uid_t) -1 means "leave it as it is" to chown(2).
const LARGEST_ID = 0xfffffffe;
const LARGEST_OCTAL_SIZE = 0o77777777777;
const LATEST = 999_999_999_999;

/** Puts a header and what stood before it together. Throws `layer-invalid`, `layer-unsafe`. */
export function makeTarEntry(header: TarHeader, extensions: Extensions): TarEntry {
  const { pax, longName, longLink } = extensions;
  const name = onlyOne('name', pax?.path, longName) ?? header.name;
  const type = typeOf(header, name);
  const size = sizeOf(header, pax?.size, name);
  if (type !== 'file' && size !== 0) throw invalid(`${printable(name)}: ${type} with content`);
  const device = type === 'character' || type === 'block';
  return {
    type,
    name,
    linkName: onlyOne('link name', pax?.linkpath, longLink) ?? header.linkName,
    size,
    uid: checkId(pax?.uid ?? header.uid, name),
    gid: checkId(pax?.gid ?? header.gid, name),
    // Some writers put the bits of the file's type in as well.
    mode: header.mode & 0o7777,
    mtime: pax?.mtime ?? timeOf(header.mtime, name),
    major: device ? checkDevice(header.major, LARGEST_DEVICE.major, name) : 0,
    minor: device ? checkDevice(header.minor, LARGEST_DEVICE.minor, name) : 0,
    xattrs: pax?.xattrs ?? new Map(),
  };
}

// GNU tar and container tools differ in which of the two they believe.
function onlyOne(what: string, pax: string | undefined, gnu: string | undefined): string | undefined {
  if (pax !== undefined && gnu !== undefined) throw invalid(`PAX and GNU both give a ${what}`);
  return pax ?? gnu;
}

// v7 had no type for directories, only the slash at the end; GNU tar still reads it so.
function typeOf(header: TarHeader, name: string): TarEntryType {
  const type = TYPES[header.typeflag];
  if (type === undefined) {
    throw invalid(`${printable(name)}: entry of unknown type ${printable(header.typeflag)}`);
  }
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

// PAX wins, as in GNU tar. A writer uses it for what the header cannot hold: a size that would have
// fitted and differs hides entries from a reader that does not know PAX (CVE-2025-62518).
function sizeOf(header: TarHeader, pax: number | undefined, name: string): number {
  const size = pax ?? header.size;
  if (size < 0) throw invalid(`${printable(name)}: negative size`);
  if (pax !== undefined && pax !== header.size && pax <= LARGEST_OCTAL_SIZE) {
    throw invalid(`${printable(name)}: two sizes, ${header.size} and ${pax}`);
  }
  return size;
}

function checkId(id: number, name: string): number {
  if (id < 0 || id > LARGEST_ID) throw invalid(`${printable(name)}: owner out of range`);
  return id;
}

function timeOf(seconds: number, name: string): bigint {
  if (Math.abs(seconds) > LATEST) throw invalid(`${printable(name)}: time out of range`);
  return BigInt(seconds) * 1_000_000_000n;
}

function checkDevice(number: number, largest: number, name: string): number {
  if (number < 0 || number > largest) throw unsafe(`${printable(name)}: device number out of range`);
  return number;
}
