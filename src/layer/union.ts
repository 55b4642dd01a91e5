import { unsafe } from '../image/layer-problem.ts';
import { DEFAULT_LIMITS, type Limits } from '../image/limits.ts';
import type { LayerEntry } from '../store/layer-record.ts';
import { type DirectoryNode, ImageTree, type TreeNode } from './image-tree.ts';

/**
 * The root file system that layers make, lowest first (OCI image spec, layer.md, "Applying
 * Changesets"), checked for what a runtime must not meet. Throws `layer-invalid`, `layer-unsafe`,
 * `limit-exceeded`.
 */
export function uniteLayers(
  layers: Iterable<Iterable<LayerEntry>>,
  limits: Limits = DEFAULT_LIMITS,
): ImageTree {
  const tree = new ImageTree(limits);
  for (const entries of layers) {
    hideLower(tree, entries);
    for (const entry of entries) place(tree, entry);
  }
  checkReserved(tree);
  return tree;
}

// Whiteouts hide what the layers below have, wherever they stand in their own layer: so all of them
// come first. They are not followed through symlinks. A layer that replaces a symlink by a directory
// lists what that directory lacks, and must not reach into the place where the symlink had led.
function hideLower(tree: ImageTree, entries: Iterable<LayerEntry>): void {
  const hidden: { directory: DirectoryNode; name: string }[] = [];
  const emptied: DirectoryNode[] = [];
  for (const entry of entries) {
    if (entry.type === 'opaque') {
      const directory = asDirectory(tree.find(entry.path));
      if (directory !== undefined) emptied.push(directory);
    } else if (entry.type === 'whiteout') {
      const slash = entry.path.lastIndexOf('/');
      const directory = asDirectory(tree.find(entry.path.slice(0, Math.max(slash, 0))));
      if (directory !== undefined) hidden.push({ directory, name: entry.path.slice(slash + 1) });
    }
  }
  for (const { directory, name } of hidden) directory.children.delete(name);
  for (const directory of emptied) directory.children.clear();
}

function asDirectory(node: TreeNode | undefined): DirectoryNode | undefined {
  return node?.type === 'directory' ? node : undefined;
}

function place(tree: ImageTree, entry: LayerEntry): void {
  switch (entry.type) {
    case 'whiteout':
    case 'opaque':
      break;
    case 'directory':
      tree.placeDirectory(entry.path, entry);
      break;
    case 'hardlink':
      tree.placeLink(entry.path, entry.target);
      break;
    default:
      tree.placeLeaf(entry.path, entry);
  }
}

// A runtime mounts over these and binds /dev/null over what it masks. Where they lead elsewhere it can
// be made to mount or write on the host (CVE-2019-16884, CVE-2025-31133, CVE-2025-52881).
function checkReserved(tree: ImageTree): void {
  for (const path of ['dev', 'proc', 'sys']) {
    const node = tree.find(path);
    if (node !== undefined && node.type !== 'directory') {
      throw unsafe(`image has a ${node.type} at /${path}, where a directory must be`);
    }
  }
  const node = tree.find('dev/null');
  if (node === undefined || (node.type === 'character' && node.major === 1 && node.minor === 3)) return;
  throw unsafe(`image has a ${node.type} at /dev/null that is not the null device`);
}
