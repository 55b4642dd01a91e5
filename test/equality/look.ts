import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { decodeDevice } from '../../src/linux/node.ts';
import { getXattr, listXattrs } from '../../src/linux/xattr.ts';

/** What can be seen of one file, as text by the name of what it is. */
export type Look = Map<string, string>;

/** A tree as it can be seen, by path; names are latin1 text that stands for bytes, "." is the root. */
export interface Tree {
  files: Map<string, Look>;
  /** The paths of one inode, where it has several. */
  links: string[][];
}

/** Looks at all that is below a directory, and at the directory itself. */
export function lookAt(root: string): Tree {
  const files = new Map<string, Look>();
  const inodes = new Map<string, string[]>();
  const walk = (name: string) => {
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
    const stat = lstatSync(path, { bigint: true });
    files.set(name, lookAtFile(path, stat));
    if (stat.isDirectory()) {
      for (const child of readdirSync(path, 'latin1')) walk(name === '.' ? child : `${name}/${child}`);
    } else {
      const inode = `${stat.dev}:${stat.ino}`;
      inodes.set(inode, [...(inodes.get(inode) ?? []), name]);
    }
  };
  walk('.');
  return {
    files,
    links: [...inodes.values()].filter((names) => names.length > 1).map((names) => names.sort()),
  };
}

function lookAtFile(path: Buffer, stat: BigIntStats): Look {
  const look: Look = new Map([
    ['type', typeOf(stat)],
    ['owner', `${stat.uid}:${stat.gid}`],
    ['mode', Number(stat.mode & 0o7777n).toString(8)],
    ['mtime', String(stat.mtimeNs)],
  ]);
  if (stat.isSymbolicLink()) look.set('target', readlinkSync(path, 'latin1'));
  if (stat.isFile()) look.set('size', String(stat.size));
  if (stat.isFile()) look.set('content', createHash('sha256').update(readFileSync(path)).digest('hex'));
  if (stat.isCharacterDevice() || stat.isBlockDevice()) {
    const { major, minor } = decodeDevice(stat.rdev);
    look.set('device', `${major}:${minor}`);
  }
  for (const name of listXattrs(path)) {
    look.set(`xattr ${name}`, getXattr(path, Buffer.from(name, 'latin1'))?.toString('hex') ?? '');
  }
  return look;
}

function typeOf(stat: BigIntStats): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character device';
  if (stat.isBlockDevice()) return 'block device';
  return stat.isFIFO() ? 'fifo' : 'socket';
}
