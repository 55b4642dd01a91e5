import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import { digestOf } from '../../image/descriptor.ts';
import type { DirectoryNode, TreeNode } from '../../layer/image-tree.ts';
import { readImageTree } from '../../layer/stored-layer.ts';
import { readRegularFile } from '../../regular-file.ts';
import { putBlobs } from '../../store/blob.ts';
import type { ContentCheck } from '../../store/content-check.ts';
import { inspectObject, type ObjectKey } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';
import type { ImageUse } from '../images-in-use.ts';
import { fileName, tryLink } from '../plan/make-links.ts';

/**
 * Puts back into a store what deployments still have whole: objects that a checkout has a link to or a
 * copy of, and the blobs of bundle files. `content` says what is damaged. The caller holds the writer's lock.
 */
export function restoreContent(store: Store, uses: ImageUse[], content: ContentCheck): void {
  const wanted = new Set(
    content.problems.flatMap((problem) => (problem.kind === 'object' ? problem.key : [])),
  );
  for (const { parts, deployment } of uses) {
    if (deployment === undefined) continue;
    restoreBlobs(store, deployment, content);
    if (wanted.size === 0 || parts === undefined) continue;
    const tree = tryTree(store, parts.diffIds);
    if (tree !== undefined) restoreObjects(store, tree.root, latin1(deployment.checkout), wanted);
  }
}

function restoreBlobs(
  store: Store,
  { bundle, directory }: NonNullable<ImageUse['deployment']>,
  content: ContentCheck,
): void {
  for (const { path, digest } of bundle) {
    if (content.blob(digest)) continue;
    const bytes = tryRead(join(directory, path));
    if (bytes !== undefined && digestOf(bytes) === digest) putBlobs(store, [{ digest, bytes }]);
  }
}

function restoreObjects(store: Store, directory: DirectoryNode, path: string, wanted: Set<ObjectKey>): void {
  for (const [name, node] of directory.children) {
    const child = `${path}/${name}`;
    if (node.type === 'directory') restoreObjects(store, node, child, wanted);
    else if (isWanted(node, wanted) && isWhole(child, node.key)) {
      placeObject(store, node.key, child);
      wanted.delete(node.key);
    }
  }
}

function isWanted(node: TreeNode, wanted: Set<ObjectKey>): node is TreeNode & { key: ObjectKey } {
  return node.type === 'file' && wanted.has(node.key);
}

function isWhole(path: string, key: ObjectKey): boolean {
  try {
    return inspectObject(fileName(path)) === key;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EIO', 'EUCLEAN', 'EBADMSG')) return false;
    throw error;
  }
}

// Only a link brings all of the metadata along; where there can be none, the image is pulled again.
function placeObject(store: Store, key: ObjectKey, from: string): void {
  const object = store.object(key);
  const temporary = `${object}.berth-new`;
  mkdirSync(dirname(object), { recursive: true, mode: 0o700 });
  rmSync(temporary, { recursive: true, force: true });
  if (!tryLink(fileName(from), temporary)) return;
  rmSync(object, { recursive: true, force: true });
  renameSync(temporary, object);
}

function tryTree(store: Store, diffIds: Parameters<typeof readImageTree>[1]) {
  try {
    return readImageTree(store, diffIds);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'store-damaged') return undefined;
    throw error;
  }
}

function tryRead(path: string): Buffer | undefined {
  try {
    return readRegularFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR', 'ENOTDIR', 'EIO', 'EINVAL')) return undefined;
    throw error;
  }
}

function latin1(path: string): string {
  return Buffer.from(path).toString('latin1');
}
