import { dirname } from 'node:path';
import type { DirectoryNode, ImageTree, TreeNode } from '../../layer/image-tree.ts';
import type { MountPoint } from '../../runtime/mount-points.ts';
import type { ObjectKey } from '../../store/object.ts';

/**
 * Adds to an image's tree what was made beside it for mounts. Returns the nodes whose time nobody
 * knows: those themselves, and the directories that they were made in.
 */
export function addMountPoints(tree: ImageTree, points: readonly MountPoint[]): Set<TreeNode> {
  const loose = new Set<TreeNode>();
  for (const { path, type } of points) {
    // Trees have latin1 text that stands for bytes.
    const inside = Buffer.from(path).toString('latin1').slice(1);
    const metadata = { uid: 0, gid: 0, mode: type === 'file' ? 0o644 : 0o755, mtime: 0n, xattrs: [] };
    if (type === 'directory') tree.placeDirectory(inside, metadata);
    else tree.placeLeaf(inside, { type, path: inside, key: '' as ObjectKey, size: 0, ...metadata });
    for (const node of [tree.find(inside), parentOf(tree, inside)]) if (node !== undefined) loose.add(node);
  }
  return loose;
}

function parentOf(tree: ImageTree, inside: string): DirectoryNode | undefined {
  const parent = tree.find(dirname(`/${inside}`).slice(1));
  return parent?.type === 'directory' ? parent : undefined;
}
