import { randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { DirectoryNode, TreeNode } from '../../layer/image-tree.ts';
import { removeXattr } from '../../linux/xattr.ts';
import type { ContentCheck } from '../../store/content-check.ts';
import { readXattrs } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';
import { placeLeaf, setMetadata } from '../plan/checkout-entry.ts';
import { fileName } from '../plan/make-links.ts';

/**
 * Puts entries of a checkout right that a running service may have open: a file is replaced in one
 * step and never written to, so whoever has it open keeps what it has.
 */
export class CheckoutMender {
  readonly #store: Store;
  readonly #content: ContentCheck;
  readonly #loose: ReadonlySet<TreeNode>;

  constructor(store: Store, content: ContentCheck, loose: ReadonlySet<TreeNode>) {
    this.#store = store;
    this.#content = content;
    this.#loose = loose;
  }

  /** Puts an entry in the place of what is there, if anything is. False where its object is damaged. */
  replace(node: TreeNode, path: string): boolean {
    if (node.type === 'directory') {
      this.remove(path);
      return this.#place(node, path);
    }
    // No name of the image's can be this one, and it is short enough beside any.
    const temporary = `${path.slice(0, path.lastIndexOf('/'))}/.berth-${randomUUID()}`;
    if (!this.#place(node, temporary)) return false;
    // rename(2) replaces a file in one step, and refuses to replace a directory.
    if (lstatSync(fileName(path), { throwIfNoEntry: false })?.isDirectory()) this.remove(path);
    renameSync(fileName(temporary), fileName(path));
    return true;
  }

  remove(path: string): void {
    rmSync(fileName(path), { recursive: true, force: true });
  }

  restoreMetadata(path: string, { metadata }: DirectoryNode): void {
    const wanted = new Set(metadata.xattrs.map(([name]) => name));
    for (const [name] of readXattrs(fileName(path))) {
      if (!wanted.has(name)) removeXattr(fileName(path), Buffer.from(name, 'latin1'));
    }
    setMetadata(fileName(path), metadata, 'directory');
  }

  #place(node: TreeNode, path: string): boolean {
    if (node.type === 'directory') {
      mkdirSync(fileName(path), { mode: 0o700 });
      const placed = [...node.children].map(([name, child]) => this.#place(child, `${path}/${name}`));
      setMetadata(fileName(path), node.metadata, node.type);
      return placed.every(Boolean);
    }
    if (node.type === 'file' && this.#loose.has(node)) {
      writeFileSync(fileName(path), '', { flag: 'wx' });
      chmodSync(fileName(path), node.mode);
      return true;
    }
    if (node.type === 'file' && this.#content.object(node.key, node).problem !== undefined) return false;
    placeLeaf(this.#store, node, fileName(path));
    return true;
  }
}
