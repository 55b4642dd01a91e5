import { closeSync, readFileSync, readSync } from 'node:fs';
import { BerthError, isErrno } from '../errors.ts';
import { openRegularFile } from '../regular-file.ts';
import type { StoredFile } from '../store/object.ts';
import type { Store } from '../store/store.ts';
import type { ImageTree } from './image-tree.ts';

/** The files of an image: what they are, and the store that has what is in them. */
export interface ImageContent {
  store: Store;
  tree: ImageTree;
}

/** At a time: of files that differ, most do so early. */
const PIECE = 1 << 18;

/** What is in a file of an image. Throws `store-damaged`. */
export function readImageFile({ store }: Pick<ImageContent, 'store'>, file: StoredFile): Buffer {
  return reading(store, file, (descriptor) => readFileSync(descriptor));
}

/** True when the same is in two files, whoever may read them and whenever they were written. Throws `store-damaged`. */
export function isSameFile(
  [file, { store }]: [StoredFile, Pick<ImageContent, 'store'>],
  [other, { store: otherStore }]: [StoredFile, Pick<ImageContent, 'store'>],
): boolean {
  if (file.key === other.key) return true;
  if (file.size !== other.size) return false;
  return reading(store, file, (one) =>
    reading(otherStore, other, (two) => {
      const [piece, otherPiece] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)];
      for (;;) {
        const length = readSync(one, piece);
        const otherLength = readSync(two, otherPiece);
        if (length !== otherLength || piece.compare(otherPiece, 0, length, 0, length) !== 0) return false;
        if (length === 0) return true;
      }
    }),
  );
}

function reading<Result>(store: Store, { key }: StoredFile, work: (descriptor: number) => Result): Result {
  let descriptor: number;
  try {
    descriptor = openRegularFile(store.readableObject(key));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new BerthError('store-damaged', `object is missing: ${store.object(key)}`, {
      hint: 'berth fsck --repair',
      cause: error,
    });
  }
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
