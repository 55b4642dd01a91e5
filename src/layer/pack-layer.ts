import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { TAR_END, type TarHeaderFields, tarHeader, tarPadding } from '../image/tar-writer.ts';
import { type LayerEntry, readLayerRecord } from '../store/layer-record.ts';
import { objectKey, type StoredFile } from '../store/object.ts';
import type { Store } from '../store/store.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const CHUNK = 1 << 20;

/**
 * The archive of a layer that is in the store, made anew: it unpacks to the same, entry by entry, and is the
 * same bytes each time. They are seldom those of the layer's own archive, whose author may have chosen other
 * headers for the same. All content is checked while it passes. Throws `store-damaged`.
 */
export function* packLayer(store: Store, diffId: Digest): Generator<Buffer> {
  let pending: Buffer[] = [];
  let bytes = 0;
  // In large pieces: most files are small, and a compressor takes as long to begin with a piece as with a page.
  for (const piece of pieces(store, diffId)) {
    pending.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK) continue;
    yield Buffer.concat(pending);
    pending = [];
    bytes = 0;
  }
  yield Buffer.concat(pending);
}

function* pieces(store: Store, diffId: Digest): Generator<Buffer> {
  for (const entry of readLayerRecord(store.readableLayer(diffId), diffId).entries) {
    yield tarHeader(headerOf(entry));
    if (entry.type !== 'file') continue;
    yield* readObject(store, entry);
    yield tarPadding(entry.size);
  }
  yield TAR_END;
}

function headerOf(entry: LayerEntry): TarHeaderFields {
  switch (entry.type) {
    case 'whiteout': {
      const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
      const parent = entry.path.slice(0, entry.path.length - name.length);
      return { type: 'file', name: `${parent}${WHITEOUT}${name}`, mode: 0o644 };
    }
    case 'opaque':
      return { type: 'file', name: `${directoryName(entry.path)}${OPAQUE}`, mode: 0o644 };
    case 'hardlink':
      return { type: 'hardlink', name: entry.path, linkName: entry.target, mode: 0o644 };
    case 'symlink':
      return { ...entry, name: entry.path, linkName: entry.target };
    case 'directory':
      return { ...entry, name: directoryName(entry.path) };
    default:
      return { ...entry, name: entry.path };
  }
}

function directoryName(path: string): string {
  return path === '' ? './' : `${path}/`;
}

function* readObject(store: Store, file: StoredFile): Generator<Buffer> {
  const path = store.readableObject(file.key);
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of readFile(path, file.size)) {
    hash.update(chunk);
    size += chunk.length;
    // A file that has grown would make another archive of what comes after it.
    if (size > file.size) break;
    yield chunk;
  }
  if (size !== file.size || objectKey(hash.digest('hex'), size, file) !== file.key) {
    throw damaged(path, 'changed content');
  }
}

function* readFile(path: string, size: number): Generator<Buffer> {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw damaged(path, isErrno(error, 'ENOENT') ? 'missing' : messageOf(error), error);
  }
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(Math.min(size + 1, CHUNK));
      const length = readSync(descriptor, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

function damaged(path: string, how: string, cause?: unknown): BerthError {
  return new BerthError('store-damaged', `object is damaged: ${path}: ${how}`, {
    cause,
    hint: 'berth fsck --repair',
  });
}
