import type { Digest } from '../image/digest.ts';
import type { Store } from '../store/store.ts';
import type { ImageTree } from './image-tree.ts';
import { readImageTree } from './stored-layer.ts';

/**
 * The root file systems of images whose layers are in a store. The last one stays in memory, because a pull
 * has it to check the image, and each deployment of the image is made from it. Nobody may change it.
 */
export class ImageTrees {
  readonly #store: Store;
  #last: { name: string; tree: ImageTree } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Throws as `readImageTree`. */
  of(diffIds: readonly Digest[]): ImageTree {
    if (this.#last?.name === diffIds.join()) return this.#last.tree;
    this.forget();
    const tree = readImageTree(this.#store, diffIds);
    this.keep(diffIds, tree);
    return tree;
  }

  /** Has a tree that is there already be the last one. */
  keep(diffIds: readonly Digest[], tree: ImageTree): void {
    this.#last = { name: diffIds.join(), tree };
  }

  /** Frees the memory of the last one. */
  forget(): void {
    this.#last = undefined;
  }
}
