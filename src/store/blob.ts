import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, digestAlgorithm, digestHex } from '../image/digest.ts';
import { syncDirectory, writeDurably } from '../linux/durable.ts';
import type { Store } from './store.ts';

/** Puts a manifest or config into the store, durably. Throws `digest-mismatch` when it is not what `digest` names. */
export function putBlob(store: Store, digest: Digest, bytes: Uint8Array): void {
  if (!matches(digest, bytes)) {
    throw new BerthError('digest-mismatch', `blob differs from its digest: ${digest}`);
  }
  const directory = store.blobs(digest);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    syncDirectory(dirname(directory));
  }
  // Written anew even when it is there: that is cheaper to reason about than to compare, and mends it.
  writeDurably(store.blob(digest), bytes, 0o600);
}

/** A manifest or config of the store, checked against its digest. Throws `store-damaged`. */
export function readBlob(store: Store, digest: Digest): Buffer {
  const path = store.blob(digest);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw damaged(path, isErrno(error, 'ENOENT') ? 'missing' : messageOf(error), error);
  }
  if (!matches(digest, bytes)) throw damaged(path, 'content differs from its digest');
  return bytes;
}

function matches(digest: Digest, bytes: Uint8Array): boolean {
  return createHash(digestAlgorithm(digest)).update(bytes).digest('hex') === digestHex(digest);
}

function damaged(path: string, how: string, cause?: unknown): BerthError {
  return new BerthError('store-damaged', `blob is damaged: ${path}: ${how}`, {
    cause,
    hint: 'pull the image again',
  });
}
