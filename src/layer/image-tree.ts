import { invalid, printable, unsafe } from '../image/layer-problem.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import type { LayerEntry } from '../store/layer-record.ts';
import type { Metadata } from '../store/object.ts';

/** Anything but a directory. One leaf under several names is a hard link. */
export type Leaf = Exclude<LayerEntry, { type: 'directory' | 'hardlink' | 'whiteout' | 'opaque' }>;

export interface DirectoryNode {
  type: 'directory';
  metadata: Metadata;
  /** By name, as latin1 text. */
  children: Map<string, TreeNode>;
  parent: DirectoryNode | undefined;
  depth: number;
}

export type TreeNode = DirectoryNode | Leaf;

// More than any image needs, and little enough that a loop of symlinks costs nothing: for one path, and,
// in characters of symlinks that were followed, for all of an image together.
const MOST_STEPS = 1024;
const MOST_FOLLOWED = 1 << 25;

/** Of every directory that has none (yet): a map for each would be half of the memory that a tree takes. */
const NO_CHILDREN = new Map<string, TreeNode>();

/** What a directory is like that no layer describes: 0755, root's, from 1970 so that it is always the same. */
const UNDESCRIBED: Metadata = { uid: 0, gid: 0, mode: 0o755, mtime: 0n, xattrs: [] };

/**
 * A file system in memory. Names are followed here and not on the disk, so nothing that an image says
 * can lead out of it: a symlink is followed as from within the image, and ".." ends at its root.
 */
export class ImageTree {
  readonly root: DirectoryNode = makeDirectory(undefined);
  /** Leaves with more than one name. */
  readonly linked = new Set<Leaf>();
  readonly #limits: Limits;
  #followed = 0;
  #directories = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The node at a path, no symlink followed; undefined when there is none. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.root;
    for (const name of split(path)) {
      node = node?.type === 'directory' ? node.children.get(name) : undefined;
    }
    return node;
  }

  /** Removes all but one name from the top. */
  keepOnly(name: string): void {
    for (const other of this.root.children.keys()) {
      if (other !== name) this.root.children.delete(other);
    }
  }

  /** Puts a directory there, or gives the one that is there this metadata. Whatever else is there goes. */
  placeDirectory(path: string, metadata: Metadata): void {
    if (path === '') {
      this.root.metadata = metadata;
      return;
    }
    const { parent, name } = this.#parentOf(path);
    const existing = parent.children.get(name);
    if (existing?.type === 'directory') existing.metadata = metadata;
    else this.#makeDirectory(parent, name).metadata = metadata;
  }

  /** Puts a leaf there. What is there goes, a directory with all that is in it. */
  placeLeaf(path: string, leaf: Leaf): void {
    const { parent, name } = this.#parentOf(path);
    addChild(parent, name, leaf);
  }

  /** Gives a leaf one more name. Throws `layer-invalid` when there is no such leaf (yet). */
  placeLink(path: string, target: string): void {
    const { parent, name } = this.#parentOf(target);
    const leaf = parent.children.get(name);
    if (leaf === undefined) throw invalid(`${printable(path)}: hard link to nothing: ${printable(target)}`);
    if (leaf.type === 'directory') {
      throw invalid(`${printable(path)}: hard link to a directory: ${printable(target)}`);
    }
    this.placeLeaf(path, leaf);
    this.linked.add(leaf);
  }

  // The directory that holds a path's last name. Parents that are symlinks are followed within the
  // image, as every other tool does: layers put /lib/x over a base whose /lib leads to /usr/lib.
  #parentOf(path: string): { parent: DirectoryNode; name: string } {
    const rest = split(path).reverse();
    const name = rest.shift() ?? '';
    let here = this.root;
    let steps = 0;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      steps += 1;
      if (steps > MOST_STEPS) throw unsafe(`${printable(path)}: too many symlinks above it`);
      if (part === '..') {
        here = here.parent ?? here;
        continue;
      }
      const next = here.children.get(part) ?? this.#makeDirectory(here, part);
      if (next.type === 'directory') {
        here = next;
      } else if (next.type === 'symlink') {
        this.#followed += next.target.length;
        if (this.#followed > MOST_FOLLOWED) throw unsafe(`${printable(path)}: too many symlinks above names`);
        if (next.target.startsWith('/')) here = this.root;
        rest.push(...split(next.target).reverse());
      } else {
        throw invalid(`${printable(path)}: ${printable(part)} above it is a ${next.type}`);
      }
    }
    return { parent: here, name };
  }

  #makeDirectory(parent: DirectoryNode, name: string): DirectoryNode {
    const directory = makeDirectory(parent);
    checkLimit(this.#limits, 'depth', directory.depth, 'depth of a path');
    // Names without entries for their parents make a hundred of them each.
    this.#directories += 1;
    checkLimit(this.#limits, 'entries', this.#directories, 'directories of an image');
    if (name.length > 255) throw unsafe(`${printable(name)}: a name is longer than 255 bytes`);
    addChild(parent, name, directory);
    return directory;
  }
}

function makeDirectory(parent: DirectoryNode | undefined): DirectoryNode {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  return { type: 'directory', metadata: UNDESCRIBED, children: NO_CHILDREN, parent, depth };
}

function addChild(parent: DirectoryNode, name: string, child: TreeNode): void {
  if (parent.children === NO_CHILDREN) parent.children = new Map();
  parent.children.set(name, child);
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
