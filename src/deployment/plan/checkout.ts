import { mkdirSync, rmSync } from 'node:fs';
import type { Digest } from '../../image/digest.ts';
import type { DirectoryNode, Leaf, TreeNode } from '../../layer/image-tree.ts';
import { readImageTree } from '../../layer/stored-layer.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { syncFileSystem } from '../../linux/syncfs.ts';
import type { Store } from '../../store/store.ts';
import { fileName, placeLeaf, setMetadata, tryLink } from './checkout-entry.ts';

/**
 * Makes the root file system of layers that have just been pulled, which looks at every object, its files
 * as hard links to objects: nobody may write to it. With `only`, it has nothing else at its top. `rootfs`
 * must not exist; what is there after an error is removed. It is on disk when this returns. Throws
 * `store-damaged`, `layer-invalid`, `layer-unsafe`, `no-space`, `io`.
 */
export function checkout(store: Store, diffIds: Digest[], rootfs: string, only?: string): void {
  const tree = readImageTree(store, diffIds);
  for (const name of tree.root.children.keys()) {
    if (only !== undefined && name !== only) tree.root.children.delete(name);
  }
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
    setMetadata(fileName(path), directory.metadata, 'directory');
  }

  #make(node: TreeNode, path: string): void {
    if (node.type === 'directory') {
      mkdirSync(fileName(path), { mode: 0o700 });
      this.fill(node, path);
      return;
    }
    const first = this.#first.get(node);
    if (first !== undefined && tryLink(fileName(first), fileName(path))) return;
    placeLeaf(this.#store, node, fileName(path));
    if (this.#linked.has(node)) this.#first.set(node, path);
  }
}
