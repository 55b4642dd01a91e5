import { mkdirSync, rmSync } from 'node:fs';
import type { DirectoryNode, ImageTree, Leaf, TreeNode } from '../../layer/image-tree.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Store } from '../../store/store.ts';
import { fileName, placeLeaf, setMetadata, tryLink } from './checkout-entry.ts';

/**
 * Makes the root file system of layers that have just been pulled, which looks at every object, its files
 * as hard links to objects: nobody may write to it. `rootfs` must not exist; what is there after an error
 * is removed. To have it on disk is left to the caller. Throws `no-space`, `io`.
 */
export function checkout(store: Store, tree: ImageTree, rootfs: string): void {
  try {
    // Refuses what exists, so all that is below is made here: no name can lead anywhere else.
    mkdirSync(rootfs, { mode: 0o700 });
  } catch (error) {
    throw fileSystemError(error, 'cannot make the root file system', rootfs);
  }
  try {
    new Checkout(store, tree.linked).fill(tree.root, Buffer.from(rootfs).toString('latin1'));
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
