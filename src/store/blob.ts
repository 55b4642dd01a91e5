import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, digestAlgorithm, digestHex } from '../image/digest.ts';
import { syncDirectory, writeDurably } from '../linux/durable.ts';
import { syncFileSystem } from '../linux/syncfs.ts';
import { readRegularFile } from '../regular-file.ts';
import type { Store } from './store.ts';

/** Puts a manifest or config into the store, durably. Throws `digest-mismatch` when it is not what `digest` names. */
export function putBlob(store: Store, digest: Digest, bytes: Uint8Array): void {
  if (!matches(digest, bytes)) {
    throw new BerthError('digest-mismatch', `blob differs from its digest: ${digest}`);
  }
  makeDirectory(store, digest);
  // Written anew even when it is there: that is cheaper to reason about than to compare, and mends it.
  writeDurably(store.blob(digest), bytes, 0o600);
}

/**
 * Puts several blobs into the store, with one wait for the disk for all of them. Those that are there
 * and whole stay as they are. Throws `digest-mismatch`.
 */
export function putBlobs(store: Store, blobs: { digest: Digest; bytes: Uint8Array }[]): void {
  const temporary = new Map<string, string>();
  const directories = new Set<string>();
  for (const { digest, bytes } of blobs) {
    if (!matches(digest, bytes)) {
      throw new BerthError('digest-mismatch', `blob differs from its digest: ${digest}`);
    }
    const path = store.blob(digest);
    if (temporary.has(path) || isWhole(store, digest)) continue;
    makeDirectory(store, digest);
    directories.add(store.blobs(digest));
    temporary.set(path, `${path}.berth-new`);
    writeFileSync(`${path}.berth-new`, bytes, { mode: 0o600 });
  }
  if (temporary.size === 0) return;
  // Data reaches the disk before its name does.
  syncFileSystem(store.directory);
  for (const [path, written] of temporary) renameSync(written, path);
  for (const directory of directories) syncDirectory(directory);
}

/** A manifest, a config or another small file of the store, checked against its digest. Throws `store-damaged`. */
export function readBlob(store: Store, digest: Digest): Buffer {
  const path = store.blob(digest);
  let bytes: Buffer;
  try {
    bytes = readRegularFile(path);
  } catch (error) {
    throw damaged(path, isErrno(error, 'ENOENT') ? 'missing' : messageOf(error), error);
  }
  if (!matches(digest, bytes)) throw damaged(path, 'content differs from its digest');
  return bytes;
}

function makeDirectory(store: Store, digest: Digest): void {
  const directory = store.blobs(digest);
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  syncDirectory(dirname(directory));
}

function isWhole(store: Store, digest: Digest): boolean {
  try {
    readBlob(store, digest);
    return true;
  } catch (error) {
    if (error instanceof BerthError) return false;
    throw error;
  }
}

function matches(digest: Digest, bytes: Uint8Array): boolean {
  return createHash(digestAlgorithm(digest)).update(bytes).digest('hex') === digestHex(digest);
}

function damaged(path: string, how: string, cause?: unknown): BerthError {
  return new BerthError('store-damaged', `blob is damaged: ${path}: ${how}`, {
    cause,
    hint: 'berth fsck --repair',
  });
}
