import { chmodSync, constants, copyFileSync, lchownSync, symlinkSync } from 'node:fs';
import type { Leaf, TreeNode } from '../../layer/image-tree.ts';
import type { FileName } from '../../linux/libc.ts';
import { setMtime } from '../../linux/mtime.ts';
import { makeDevice, makeFifo } from '../../linux/node.ts';
import { setXattr } from '../../linux/xattr.ts';
import type { Metadata, StoredFile } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';
import { fileName, tryLink } from './make-links.ts';

/**
 * Puts one entry of a checkout where there is nothing, with all its metadata; a file as a hard link to
 * its object, where the store is its owner. The object is one that the caller has looked at. Throws errors
 * of the operating system.
 */
export function placeLeaf(store: Store, leaf: Leaf, path: FileName): void {
  switch (leaf.type) {
    case 'file':
      placeFile(store, leaf, path);
      return;
    case 'symlink':
      symlinkSync(fileName(leaf.target), path);
      break;
    case 'character':
    case 'block':
      makeDevice(path, leaf.type, 0o600, leaf);
      break;
    case 'fifo':
      makeFifo(path, 0o600);
      break;
  }
  setMetadata(path, leaf, leaf.type);
}

function placeFile(store: Store, file: StoredFile, path: FileName): void {
  const object = linkableObject(store, file);
  if (object !== undefined && tryLink(object, path)) return;
  copyFileSync(store.readableObject(file.key), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  setMetadata(path, file, 'file');
}

/** The object that a file is to be a hard link to; undefined for one that has to be a copy. */
export function linkableObject(store: Store, { key, size }: StoredFile): string | undefined {
  const object = store.object(key);
  // Thousands of empty files would meet in one inode and run into its limit of links.
  // A link to what is only lent would be a change of it.
  return size > 0 && object === store.readableObject(key) ? object : undefined;
}

/** Gives an entry its owner, mode, xattrs and time. */
export function setMetadata(path: FileName, metadata: Metadata, type: TreeNode['type']): void {
  setOwnership(path, metadata, type);
  setAttributes(path, metadata);
}

/** Gives an entry its owner and mode. Its attributes come after them. */
export function setOwnership(path: FileName, { uid, gid, mode }: Metadata, type: TreeNode['type']): void {
  // chown clears setuid and setgid and drops file capabilities, so it goes before both.
  lchownSync(path, uid, gid);
  if (type !== 'symlink') chmodSync(path, mode);
}

/** Gives an entry its xattrs and time. */
export function setAttributes(path: FileName, { mtime, xattrs }: Metadata): void {
  for (const [name, value] of xattrs) {
    setXattr(path, Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'));
  }
  setMtime(path, mtime);
}
