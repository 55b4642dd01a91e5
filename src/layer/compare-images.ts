import type { Metadata } from '../store/object.ts';
import { type ImageContent, isSameFile } from './image-content.ts';
import type { DirectoryNode, Leaf, TreeNode } from './image-tree.ts';

/** In what a file of one image differs from that of another. */
export type FileDifference = 'type' | 'content' | 'target' | 'device' | 'mode' | 'owner' | 'xattrs';

/** A file or directory that one of two images has alone, or that they have differently. */
export interface ImageFileChange {
  /** Absolute, of bytes as latin1 text. */
  path: string;
  change: 'added' | 'removed' | 'changed';
  /** In the image that has it, the later of two. */
  type: TreeNode['type'];
  /** Empty unless it is in both. */
  differences: FileDifference[];
  /** Bytes of a regular file in each image, else 0. */
  sizes: [before: number, after: number];
}

/**
 * What changes from one image to another, sorted by path. Times alone are no difference: whoever builds an image
 * anew writes all files anew. Throws `store-damaged`.
 */
export function compareImages(before: ImageContent, after: ImageContent): ImageFileChange[] {
  const changes: ImageFileChange[] = [];
  // Thousands of names may stand for one large file: whatever is compared, is once.
  const compared = new Map<string, boolean>();
  compareDirectories(before.tree.root, after.tree.root, '');
  return changes;

  function compareDirectories(
    old: DirectoryNode | undefined,
    now: DirectoryNode | undefined,
    path: string,
  ): void {
    const names = new Set([...(old?.children.keys() ?? []), ...(now?.children.keys() ?? [])]);
    for (const name of [...names].sort()) {
      compare(old?.children.get(name), now?.children.get(name), `${path}/${name}`);
    }
  }

  function compare(old: TreeNode | undefined, now: TreeNode | undefined, path: string): void {
    const node = now ?? old;
    if (node === undefined) return;
    const differences = old === undefined || now === undefined ? [] : differencesOf(old, now);
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    if (change !== 'changed' || differences.length > 0) {
      changes.push({ path, change, type: node.type, differences, sizes: [sizeOf(old), sizeOf(now)] });
    }
    compareDirectories(asDirectory(old), asDirectory(now), path);
  }

  function differencesOf(old: TreeNode, now: TreeNode): FileDifference[] {
    if (old.type !== now.type) return ['type'];
    const [was, is] = [metadataOf(old), metadataOf(now)];
    const differences: FileDifference[] = [];
    const own = ownDifference(old, now);
    if (own !== undefined) differences.push(own);
    if (was.mode !== is.mode && now.type !== 'symlink') differences.push('mode');
    if (was.uid !== is.uid || was.gid !== is.gid) differences.push('owner');
    if (JSON.stringify(was.xattrs) !== JSON.stringify(is.xattrs)) differences.push('xattrs');
    return differences;
  }

  function ownDifference(old: TreeNode, now: TreeNode): FileDifference | undefined {
    if (old.type === 'file' && now.type === 'file') {
      const keys = `${old.key} ${now.key}`;
      const isSame = compared.get(keys) ?? isSameFile([old, before], [now, after]);
      compared.set(keys, isSame);
      return isSame ? undefined : 'content';
    }
    if (old.type === 'symlink' && now.type === 'symlink') {
      return old.target === now.target ? undefined : 'target';
    }
    return isDevice(old) && isDevice(now) && (old.major !== now.major || old.minor !== now.minor)
      ? 'device'
      : undefined;
  }
}

function isDevice(node: TreeNode): node is Extract<Leaf, { major: number }> {
  return node.type === 'character' || node.type === 'block';
}

function asDirectory(node: TreeNode | undefined): DirectoryNode | undefined {
  return node?.type === 'directory' ? node : undefined;
}

function metadataOf(node: TreeNode): Metadata {
  return node.type === 'directory' ? node.metadata : node;
}

function sizeOf(node: TreeNode | undefined): number {
  return node?.type === 'file' ? node.size : 0;
}
