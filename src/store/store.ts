import { chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { digestAlgorithm, digestHex } from '../image/digest.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { ObjectKey } from './object.ts';

/**
 * Where things are in a store. Knows names only: opening a store does not read its content. What it lacks of
 * layers and objects may be read from another store, its lender, and is never written or linked there.
 */
export class Store {
  readonly directory: string;
  readonly #lender: Store | undefined;

  constructor(directory: string, lender?: Store) {
    this.directory = directory;
    this.#lender = lender;
  }

  get objects(): string {
    return join(this.directory, 'objects');
  }
  object(key: ObjectKey): string {
    return `${this.directory}/objects/${key.slice(0, 2)}/${key.slice(2)}`;
  }
  /** Where an object is to be read. */
  readableObject(key: ObjectKey): string {
    return this.#readable(this.object(key), (lender) => lender.object(key));
  }
  get layers(): string {
    return join(this.directory, 'layers');
  }
  layer(diffId: Digest): string {
    return join(this.layers, diffId);
  }
  /** Where a layer's record is to be read. */
  readableLayer(diffId: Digest): string {
    return this.#readable(this.layer(diffId), (lender) => lender.layer(diffId));
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

  #readable(own: string, lent: (lender: Store) => string): string {
    return this.#lender === undefined || existsSync(own) ? own : lent(this.#lender);
  }
}

/**
 * Makes the directories of a store where they are missing. The store is root's alone: it holds
 * setuid files of every image, old and vulnerable ones included. Throws `store-damaged` when it
 * belongs to or is open to others, or has a symlink in the place of a directory, `no-space`, `io`.
 */
export function createStore(directory: string, lender?: Store): Store {
  const store = new Store(directory, lender);
  const blobs = join(directory, 'blobs');
  try {
    makePrivate(directory);
    refuseSymlinks(directory);
    for (const path of [store.objects, store.layers, store.staging, blobs]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    for (const path of [store.objects, blobs]) refuseSymlinks(path);
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

// One would lead to a place that is not the store's, below another root to one of the running system.
function refuseSymlinks(directory: string): void {
  const link = readdirSync(directory, { withFileTypes: true }).find((entry) => entry.isSymbolicLink());
  if (link === undefined) return;
  const path = join(directory, link.name);
  throw new BerthError(
    'store-damaged',
    `store has a symbolic link: ${path}: only the whole store may be one`,
    {
      hint: `rm ${path}`,
    },
  );
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
