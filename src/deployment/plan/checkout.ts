import { lstatSync, mkdirSync, rmSync, type Stats } from 'node:fs';
import type { DirectoryNode, ImageTree, Leaf, TreeNode } from '../../layer/image-tree.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Store } from '../../store/store.ts';
import { linkableObject, placeLeaf, setAttributes, setOwnership } from './checkout-entry.ts';
import { HardLinks } from './hard-links.ts';
import { fileName, tryLink } from './make-links.ts';

/** Of nearly all directories. Nobody comes this far while they are made. */
const USUAL_MODE = 0o755;

/**
 * Makes the root file system of layers that have just been pulled, which looks at every object, its files
 * as hard links to objects: nobody may write to it. `rootfs` must not exist; what is there after an error
 * is removed. To have it on disk is left to the caller. Throws `no-space`, `io`.
 */
export async function checkout(store: Store, tree: ImageTree, rootfs: string): Promise<void> {
  try {
    // Refuses what exists, so all that is below is made here: no name can lead anywhere else.
    mkdirSync(rootfs, { mode: USUAL_MODE });
  } catch (error) {
    throw fileSystemError(error, 'cannot make the root file system', rootfs);
  }
  const work = new Checkout(store, tree, Buffer.from(rootfs).toString('latin1'));
  try {
    await work.run();
  } catch (error) {
    await work.close();
    rmSync(rootfs, { recursive: true, force: true });
    throw fileSystemError(error, 'cannot make the root file system', rootfs);
  }
  await work.close();
}

class Checkout {
  readonly #store: Store;
  readonly #tree: ImageTree;
  /** As latin1 text, like all names. */
  readonly #rootfs: string;
  readonly #links: HardLinks;
  /** Where a leaf with several names has its first one. */
  readonly #first = new Map<Leaf, string>();

  constructor(store: Store, tree: ImageTree, rootfs: string) {
    this.#store = store;
    this.#tree = tree;
    this.#rootfs = rootfs;
    this.#links = new HardLinks(countLeaves(tree.root));
  }

  async run(): Promise<void> {
    this.#fill(this.#tree.root, this.#rootfs);
    for (const path of await this.#links.finish()) {
      const node = this.#tree.find(path.slice(this.#rootfs.length));
      if (node !== undefined && node.type !== 'directory') this.#place(node, path);
    }
    // All directories were made alike, and what they inherit is the same.
    this.#finish(this.#tree.root, this.#rootfs, lstatSync(fileName(this.#rootfs)));
  }

  async close(): Promise<void> {
    await this.#links.close();
  }

  #fill(directory: DirectoryNode, path: string): void {
    for (const [name, node] of directory.children) this.#make(node, `${path}/${name}`);
  }

  #make(node: TreeNode, path: string): void {
    if (node.type === 'directory') {
      mkdirSync(fileName(path), { mode: USUAL_MODE });
      this.#fill(node, path);
      return;
    }
    const object = node.type === 'file' ? linkableObject(this.#store, node) : undefined;
    if (object === undefined) this.#place(node, path);
    else this.#links.add(Buffer.from(object).toString('latin1'), path);
  }

  #place(leaf: Leaf, path: string): void {
    const first = this.#first.get(leaf);
    if (first !== undefined && tryLink(fileName(first), fileName(path))) return;
    placeLeaf(this.#store, leaf, fileName(path));
    if (this.#tree.linked.has(leaf)) this.#first.set(leaf, path);
  }

  /** Directories get their metadata last, because every name made in one changes its time. */
  #finish({ children, metadata }: DirectoryNode, path: string, made: Stats): void {
    for (const [name, node] of children) {
      if (node.type === 'directory') this.#finish(node, `${path}/${name}`, made);
    }
    const { uid, gid, mode } = metadata;
    const isAsMade = made.uid === uid && made.gid === gid && (made.mode & 0o7777) === mode;
    if (!isAsMade) setOwnership(fileName(path), metadata, 'directory');
    setAttributes(fileName(path), metadata);
  }
}

function countLeaves({ children }: DirectoryNode): number {
  let count = 0;
  for (const node of children.values()) count += node.type === 'directory' ? countLeaves(node) : 1;
  return count;
}
