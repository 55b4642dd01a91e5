import { chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { digestAlgorithm, digestHex } from '../image/digest.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { ObjectKey } from './object.ts';

/** Where things are in a store. Knows names only: opening a store does not read its content. */
export class Store {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get objects(): string {
    return join(this.directory, 'objects');
  }
  object(key: ObjectKey): string {
    return `${this.directory}/objects/${key.slice(0, 2)}/${key.slice(2)}`;
  }
  get layers(): string {
    return join(this.directory, 'layers');
  }
  layer(diffId: Digest): string {
    return join(this.layers, diffId);
  }
  blobs(digest: Digest): string {
    return join(this.directory, 'blobs', digestAlgorithm(digest));
  }
  blob(digest: Digest): string {
    return join(this.blobs(digest), digestHex(digest));
  }
  get images(): string {
    return join(this.directory, 'images.json');
  }
  get staging(): string {
    return join(this.directory, 'staging');
  }
}

/**
 * Makes the directories of a store where they are missing. The store is root's alone: it holds
 * setuid files of every image, old and vulnerable ones included. Throws `store-damaged` when it
 * belongs to or is open to others, `no-space`, `io`.
 */
export function createStore(directory: string): Store {
  const store = new Store(directory);
  try {
    makePrivate(directory);
    for (const path of [store.objects, store.layers, store.staging, join(directory, 'blobs')]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw fileSystemError(error, 'cannot make the store', directory);
  }
  checkPrivate(directory);
  return store;
}

function makePrivate(directory: string): void {
  mkdirSync(join(directory, '..'), { recursive: true, mode: 0o755 });
  try {
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** True when nobody else can reach what is in a store: its files may be setuid. */
export function isPrivate(directory: string): boolean {
  const { uid, mode } = statSync(directory);
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

function checkPrivate(directory: string): void {
  if (isPrivate(directory)) return;
  throw new BerthError('store-damaged', `store is open to others: ${directory}: its files may be setuid`, {
    hint: `chown root: ${directory}; chmod 0700 ${directory}`,
  });
}
