import { createHash, hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import type { FileName } from '../linux/libc.ts';
import { getXattr, listXattrs } from '../linux/xattr.ts';

declare const brand: unique symbol;

/** Names an object: SHA-256 in hex over its content and everything that hard links share. */
export type ObjectKey = string & { readonly [brand]: 'ObjectKey' };

/** What an inode of any type carries besides its content. Names and values of xattrs are latin1 text. */
export interface Metadata {
  uid: number;
  gid: number;
  /** Permission bits with setuid, setgid and sticky: at most 0o7777. */
  mode: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  /** Sorted by name. */
  xattrs: [name: string, value: string][];
}

/** A regular file of the store: `key` follows from all the rest. */
export interface StoredFile extends Metadata {
  key: ObjectKey;
  size: number;
}

/** The xattrs that the store neither takes nor compares: the host's security policy owns them. */
export function isHostXattr(name: string): boolean {
  return name === 'security.selinux' || name === 'system.nfs4_acl' || name.startsWith('trusted.');
}

/**
 * The key of an object. It covers the modification time too, because the hard links of a checkout
 * show the one that the inode has. `content` is the SHA-256 of the content in hex.
 */
export function objectKey(content: string, size: number, metadata: Metadata): ObjectKey {
  const { uid, gid, mode, mtime, xattrs } = metadata;
  // As JSON, so that no two lists of names and values read the same.
  const text = JSON.stringify(['berth-object', 1, content, size, uid, gid, mode, String(mtime), xattrs]);
  return hash('sha256', text, 'hex') as ObjectKey;
}

/**
 * What is wrong with a file that should be this object, by what stat(2) says; undefined when nothing
 * is. This is what can be afforded for every file of a checkout: `inspectObject` reads the content too.
 */
export function compareStat(path: FileName, file: StoredFile): string | undefined {
  let stat: BigIntStats;
  try {
    stat = bigStat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw error;
  }
  if (!stat.isFile()) return 'not a regular file';
  if (stat.size !== BigInt(file.size)) return `size ${stat.size} instead of ${file.size}`;
  return compareMetadata(stat, file);
}

/** What differs from this metadata, but for xattrs, by what lstat(2) says; undefined when nothing does. */
export function compareMetadata(stat: BigIntStats, metadata: Metadata): string | undefined {
  const { uid, gid, mtime } = metadata;
  const mode = Number(stat.mode & 0o7777n);
  // A symlink's mode is the kernel's, whatever an archive says.
  if (mode !== metadata.mode && !stat.isSymbolicLink()) {
    return `mode ${octal(mode)} instead of ${octal(metadata.mode)}`;
  }
  if (Number(stat.uid) !== uid || Number(stat.gid) !== gid) {
    return `owner ${stat.uid}:${stat.gid} instead of ${uid}:${gid}`;
  }
  return stat.mtimeNs === mtime ? undefined : 'changed modification time';
}

/**
 * The key that a file has by its content and metadata, all of it read: equal to its name in the store
 * if it is undamaged. A symlink or another type has no key.
 */
export function inspectObject(path: FileName): ObjectKey | undefined {
  const stat = bigStat(path);
  if (!stat.isFile()) return undefined;
  return objectKey(hashContent(path, Number(stat.size)), Number(stat.size), {
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mode: Number(stat.mode & 0o7777n),
    mtime: stat.mtimeNs,
    xattrs: readXattrs(path),
  });
}

/** The extended attributes of a file that count for its key. */
export function readXattrs(path: FileName): Metadata['xattrs'] {
  return listXattrs(path)
    .filter((name) => !isHostXattr(name))
    .map((name) => [
      name,
      (getXattr(path, Buffer.from(name, 'latin1')) ?? Buffer.alloc(0)).toString('latin1'),
    ]);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function bigStat(path: FileName): BigIntStats {
  return lstatSync(path, { bigint: true });
}

function hashContent(path: FileName, size: number): string {
  const sum = createHash('sha256');
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    // Most files are small, and a large buffer for each of thousands keeps the collector busy.
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, 1 << 20));
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      sum.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
  return sum.digest('hex');
}
