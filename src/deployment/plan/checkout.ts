import {
  chmodSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { BerthError, isErrno } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { DirectoryNode, Leaf, TreeNode } from '../../layer/image-tree.ts';
import { readImageTree } from '../../layer/stored-layer.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { setMtime } from '../../linux/mtime.ts';
import { makeDevice, makeFifo } from '../../linux/node.ts';
import { syncFileSystem } from '../../linux/syncfs.ts';
import { setXattr } from '../../linux/xattr.ts';
import { compareStat, type Metadata, type StoredFile } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';

/**
 * Makes the root file system of layers that are in the store, its files as hard links to objects:
 * nobody may write to it. `rootfs` must not exist; what is there after an error is removed. It is on
 * disk when this returns. Throws `store-damaged`, `layer-invalid`, `layer-unsafe`, `no-space`, `io`.
 */
export function checkout(store: Store, diffIds: Digest[], rootfs: string): void {
  const tree = readImageTree(store, diffIds);
  try {
    // Refuses what exists, so all that is below is made here: no name can lead anywhere else.
    mkdirSync(rootfs, { mode: 0o700 });
  } catch (error) {
    throw fileSystemError(error, 'cannot make the root file system', rootfs);
  }
  try {
    new Checkout(store, tree.linked).fill(tree.root, Buffer.from(rootfs).toString('latin1'));
    syncFileSystem(rootfs);
  } catch (error) {
    rmSync(rootfs, { recursive: true, force: true });
    throw fileSystemError(error, 'cannot make the root file system', rootfs);
  }
}

class Checkout {
  readonly #store: Store;
  readonly #linked: Set<Leaf>;
  /** Where a leaf with several names has its first one. */
  readonly #first = new Map<Leaf, string>();

  constructor(store: Store, linked: Set<Leaf>) {
    this.#store = store;
    this.#linked = linked;
  }

  /** Fills a new directory; its own metadata comes last, because every name made in it changes its time. */
  fill(directory: DirectoryNode, path: string): void {
    for (const [name, node] of directory.children) this.#make(node, `${path}/${name}`);
    setMetadata(bytes(path), directory.metadata, 'directory');
  }

  #make(node: TreeNode, path: string): void {
    if (node.type === 'directory') {
      mkdirSync(bytes(path), { mode: 0o700 });
      this.fill(node, path);
      return;
    }
    const first = this.#first.get(node);
    if (first !== undefined && tryLink(bytes(first), bytes(path))) return;
    this.#makeLeaf(node, path);
    if (this.#linked.has(node)) this.#first.set(node, path);
  }

  #makeLeaf(leaf: Leaf, path: string): void {
    const name = bytes(path);
    switch (leaf.type) {
      case 'file':
        this.#makeFile(leaf, name);
        return;
      case 'symlink':
        symlinkSync(bytes(leaf.target), name);
        break;
      case 'character':
      case 'block':
        makeDevice(name, leaf.type, 0o600, leaf);
        break;
      case 'fifo':
        makeFifo(name, 0o600);
        break;
    }
    setMetadata(name, leaf, leaf.type);
  }

  #makeFile(file: StoredFile, path: string | Buffer): void {
    const object = this.#store.object(file.key);
    const damage = compareStat(object, file);
    if (damage !== undefined) {
      throw new BerthError('store-damaged', `object is damaged: ${object}: ${damage}`, {
        hint: 'pull the image again',
      });
    }
    // Thousands of empty files would meet in one inode and run into its limit of links.
    if (file.size > 0 && tryLink(object, path)) return;
    copyFileSync(object, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    setMetadata(path, file, 'file');
  }
}

// Too many links, another file system, or one without links (or a policy that forbids this one).
function tryLink(existing: string | Buffer, path: string | Buffer): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EMLINK', 'EXDEV', 'EPERM')) return false;
    throw error;
  }
}

function setMetadata(path: string | Buffer, metadata: Metadata, type: TreeNode['type']): void {
  const { uid, gid, mode, mtime, xattrs } = metadata;
  // chown clears setuid and setgid and drops file capabilities, so it goes before both.
  lchownSync(path, uid, gid);
  if (type !== 'symlink') chmodSync(path, mode);
  for (const [name, value] of xattrs) {
    setXattr(path, Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'));
  }
  setMtime(path, mtime);
}

// Names are latin1 text that stands for bytes; plain ASCII is the same either way, and faster as text.
function bytes(path: string): string | Buffer {
  return /^[\x20-\x7e]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}
