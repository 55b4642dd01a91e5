import { chmodSync, constants, copyFileSync, lchownSync, linkSync, symlinkSync } from 'node:fs';
import { isErrno } from '../../errors.ts';
import type { Leaf, TreeNode } from '../../layer/image-tree.ts';
import type { FileName } from '../../linux/libc.ts';
import { setMtime } from '../../linux/mtime.ts';
import { makeDevice, makeFifo } from '../../linux/node.ts';
import { setXattr } from '../../linux/xattr.ts';
import type { Metadata, StoredFile } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';

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
  const object = store.readableObject(file.key);
  // Thousands of empty files would meet in one inode and run into its limit of links.
  // A link to what is only lent would be a change of it.
  const linkable = file.size > 0 && object === store.object(file.key);
  if (linkable && tryLink(object, path)) return;
  copyFileSync(object, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  setMetadata(path, file, 'file');
}

/** False for too many links, another file system, or one without links (or a policy that forbids this one). */
export function tryLink(existing: FileName, path: FileName): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EMLINK', 'EXDEV', 'EPERM')) return false;
    throw error;
  }
}

/** Gives an entry its owner, mode, xattrs and time. */
export function setMetadata(path: FileName, metadata: Metadata, type: TreeNode['type']): void {
  const { uid, gid, mode, mtime, xattrs } = metadata;
  // chown clears setuid and setgid and drops file capabilities, so it goes before both.
  lchownSync(path, uid, gid);
  if (type !== 'symlink') chmodSync(path, mode);
  for (const [name, value] of xattrs) {
    setXattr(path, Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'));
  }
  setMtime(path, mtime);
}

/** Names are latin1 text that stands for bytes; plain ASCII is the same either way, and faster as text. */
export function fileName(path: string): FileName {
  return /^[\x20-\x7e]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}
