import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { isErrno, messageOf } from '../../errors.ts';
import type { DirectoryNode, ImageTree, Leaf, TreeNode } from '../../layer/image-tree.ts';
import { decodeDevice } from '../../linux/node.ts';
import { type ContentCheck, describe, UNREADABLE } from '../../store/content-check.ts';
import {
  compareMetadata,
  inspectObject,
  type Metadata,
  readXattrs,
  type StoredFile,
} from '../../store/object.ts';
import { fileName } from '../plan/make-links.ts';
import type { CheckoutMender } from './mend-checkout.ts';

/** A checkout, and what it must be. */
export interface CheckoutComparison {
  rootfs: string;
  tree: ImageTree;
  /** Nodes whose time is not known. */
  loose: ReadonlySet<TreeNode>;
  content: ContentCheck;
  /** Mends what differs; undefined when it is only to be told. */
  mender: CheckoutMender | undefined;
  /** `path` is latin1 text that stands for bytes. */
  report(path: string, what: string): void;
}

/**
 * Compares a checkout with the tree of its image: what is missing, extra or of another type, content,
 * owner, mode, time, xattrs, where symlinks lead. A file that is a hard link to its object is read
 * once, as the object.
 */
export function compareCheckout(comparison: CheckoutComparison): void {
  new Walk(comparison).visit(comparison.tree.root, Buffer.from(comparison.rootfs).toString('latin1'));
}

class Walk {
  readonly #comparison: CheckoutComparison;
  /** Grows when something in a directory is mended, which gives the directory a new time. */
  #mended = 0;

  constructor(comparison: CheckoutComparison) {
    this.#comparison = comparison;
  }

  visit(node: TreeNode, path: string): void {
    try {
      const stat = lstatSync(fileName(path), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) this.#differs(node, path, 'missing');
      else if (typeOf(stat) !== node.type) {
        this.#differs(node, path, `is a ${typeOf(stat)} instead of a ${node.type}`);
      } else if (node.type === 'directory') this.#visitDirectory(node, path, stat);
      else this.#visitLeaf(node, path, stat);
    } catch (error) {
      if (!isErrno(error, ...UNREADABLE)) throw error;
      this.#comparison.report(path, messageOf(error));
    }
  }

  #visitDirectory(directory: DirectoryNode, path: string, stat: BigIntStats): void {
    const { mender, report } = this.#comparison;
    const before = this.#mended;
    const extra = new Set(readdirSync(fileName(path), 'latin1'));
    for (const [name, node] of directory.children) {
      extra.delete(name);
      this.visit(node, `${path}/${name}`);
    }
    for (const name of extra) {
      report(`${path}/${name}`, 'extra');
      mender?.remove(`${path}/${name}`);
      if (mender !== undefined) this.#mended += 1;
    }
    const what = this.#compareMetadata(directory, directory.metadata, path, stat);
    if (what !== undefined) report(path, what);
    const touched = this.#mended > before;
    if (what !== undefined || touched) mender?.restoreMetadata(path, directory);
    // What is mended in a directory does not touch the one above.
    this.#mended = before;
  }

  #visitLeaf(leaf: Leaf, path: string, stat: BigIntStats): void {
    const what =
      leaf.type === 'file' ? this.#compareFile(leaf, path, stat) : this.#compareOther(leaf, path, stat);
    if (what !== undefined) this.#differs(leaf, path, what);
  }

  #compareFile(file: Leaf & StoredFile, path: string, stat: BigIntStats): string | undefined {
    if (this.#comparison.loose.has(file)) {
      return stat.size === 0n
        ? this.#compareMetadata(file, file, path, stat)
        : `size ${stat.size} instead of 0`;
    }
    const object = this.#comparison.content.object(file.key, file);
    if (object.inode === stat.ino && object.device === stat.dev) return object.problem;
    return inspectObject(fileName(path)) === file.key ? undefined : describe(fileName(path), file);
  }

  #compareOther(leaf: Exclude<Leaf, StoredFile>, path: string, stat: BigIntStats): string | undefined {
    if (leaf.type === 'symlink' && readlinkSync(fileName(path), 'latin1') !== leaf.target) {
      return 'leads elsewhere';
    }
    if (leaf.type === 'character' || leaf.type === 'block') {
      const { major, minor } = decodeDevice(stat.rdev);
      if (major !== leaf.major || minor !== leaf.minor) {
        return `device ${major}:${minor} instead of ${leaf.major}:${leaf.minor}`;
      }
    }
    return this.#compareMetadata(leaf, leaf, path, stat);
  }

  #compareMetadata(node: TreeNode, metadata: Metadata, path: string, stat: BigIntStats): string | undefined {
    const expected = this.#comparison.loose.has(node) ? { ...metadata, mtime: stat.mtimeNs } : metadata;
    const what = compareMetadata(stat, expected);
    if (what !== undefined) return what;
    const same = JSON.stringify(readXattrs(fileName(path))) === JSON.stringify(metadata.xattrs);
    return same ? undefined : 'changed extended attributes';
  }

  #differs(node: TreeNode, path: string, what: string): void {
    this.#comparison.report(path, what);
    if (this.#comparison.mender?.replace(node, path)) this.#mended += 1;
  }
}

function typeOf(stat: BigIntStats): TreeNode['type'] | 'socket' {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character';
  if (stat.isBlockDevice()) return 'block';
  return stat.isFIFO() ? 'fifo' : 'socket';
}
