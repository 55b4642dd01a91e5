import { lstatSync } from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { readBlob } from './blob.ts';
import type { ImageParts } from './image-parts.ts';
import { type LayerRecord, readLayerRecord } from './layer-record.ts';
import { compareStat, inspectObject, type ObjectKey, readXattrs, type StoredFile } from './object.ts';
import type { Store } from './store.ts';

/** Something in a store that is not as it must be. */
export type StoreProblem = {
  path: string;
  /** What is wrong with it, such as "missing". */
  what: string;
} & (
  | { kind: 'object'; key: ObjectKey }
  | { kind: 'layer'; diffId: Digest }
  | { kind: 'blob'; digest: Digest }
  /** The list of images. */
  | { kind: 'images' }
  /** The store itself. */
  | { kind: 'store' }
  /** Nothing that a store has. */
  | { kind: 'stray' }
);

/** An object as it was found. */
export interface CheckedObject {
  /** What is wrong with it; undefined when nothing is. */
  problem: string | undefined;
  device: bigint;
  inode: bigint;
}

type LayerState = 'whole' | 'incomplete' | 'unreadable';

/** Bytes of objects between two pauses. */
const BREATH = 4 << 20;

const ABSENT = { device: -1n, inode: -1n };

/** How the kernel says that the disk, not the asker, is at fault. */
export const UNREADABLE = ['EIO', 'EUCLEAN', 'EBADMSG'] as const;

/**
 * Reads content of a store in full and compares it with what its name says. Nothing is read twice, so
 * an instance is good for one look at a store; what it finds is collected in `problems`.
 */
export class ContentCheck {
  readonly problems: StoreProblem[] = [];
  readonly #store: Store;
  readonly #objects = new Map<ObjectKey, CheckedObject>();
  readonly #layers = new Map<Digest, LayerState>();
  readonly #blobs = new Map<Digest, boolean>();
  readonly #signal: AbortSignal | undefined;
  #bytes = 0;
  #breath = 0;

  constructor(store: Store, signal?: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  get objects(): number {
    return this.#objects.size;
  }
  get layers(): number {
    return this.#layers.size;
  }
  get blobs(): number {
    return this.#blobs.size;
  }
  /** Bytes of objects that were read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Checks an object; with `file`, what is wrong can be said more exactly. */
  object(key: ObjectKey, file?: StoredFile): CheckedObject {
    const known = this.#objects.get(key);
    if (known !== undefined) return known;
    const path = this.#store.object(key);
    const checked = this.#readObject(path, key, file);
    this.#objects.set(key, checked);
    if (checked.problem !== undefined) {
      this.problems.push({ kind: 'object', key, path, what: checked.problem });
    }
    return checked;
  }

  /** Checks the record of a layer and every object that it names. True when all is well. Throws `interrupted`. */
  async layer(diffId: Digest): Promise<boolean> {
    const state = this.#layers.get(diffId) ?? (await this.#readLayer(diffId));
    this.#layers.set(diffId, state);
    return state === 'whole';
  }

  /** True when a layer that was checked is whole. */
  isWhole(diffId: Digest): boolean {
    return this.#layers.get(diffId) === 'whole';
  }

  /** True when the record of a layer that was checked can be read, whatever its objects are like. */
  hasRecord(diffId: Digest): boolean {
    return /^(?:whole|incomplete)$/.test(this.#layers.get(diffId) ?? '');
  }

  /** Checks a manifest, a config or another blob. */
  blob(digest: Digest): boolean {
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const path = this.#store.blob(digest);
    const what = problemOf(path, () => readBlob(this.#store, digest));
    this.#blobs.set(digest, what === undefined);
    if (what !== undefined) this.problems.push({ kind: 'blob', digest, path, what });
    return what === undefined;
  }

  /** Checks all parts of an image. True when all is well. Throws `interrupted`. */
  async image({ manifestDigest, configDigest, diffIds }: ImageParts): Promise<boolean> {
    const whole = [manifestDigest, configDigest].map((digest) => this.blob(digest));
    for (const diffId of diffIds) whole.push(await this.layer(diffId));
    return whole.every(Boolean);
  }

  /**
   * To be called between two objects: files are read by calls that wait, and without a pause now and
   * then no signal would be noticed. Throws `interrupted`.
   */
  async breathe(): Promise<void> {
    if (this.#bytes < this.#breath) return;
    this.#breath = this.#bytes + BREATH;
    await pause();
    if (this.#signal?.aborted) throw new BerthError('interrupted', 'interrupted: checking the store');
  }

  #readObject(path: string, key: ObjectKey, file: StoredFile | undefined): CheckedObject {
    try {
      const { dev: device, ino: inode, size } = lstatSync(path, { bigint: true });
      this.#bytes += Number(size);
      const problem = inspectObject(path) === key ? undefined : describe(path, file);
      return { problem, device, inode };
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return { problem: 'missing', ...ABSENT };
      if (isErrno(error, ...UNREADABLE)) return { problem: messageOf(error), ...ABSENT };
      throw error;
    }
  }

  async #readLayer(diffId: Digest): Promise<LayerState> {
    const path = this.#store.layer(diffId);
    let record: LayerRecord | undefined;
    const what = problemOf(path, () => {
      record = readLayerRecord(path, diffId);
    });
    if (what !== undefined) this.problems.push({ kind: 'layer', diffId, path, what });
    if (record === undefined) return 'unreadable';
    let state: LayerState = 'whole';
    for (const entry of record.entries) {
      if (entry.type !== 'file') continue;
      if (this.object(entry.key, entry).problem !== undefined) state = 'incomplete';
      await this.breathe();
    }
    return state;
  }
}

/** What is wrong with a file that should be this object and is not. */
export function describe(path: string | Buffer, file: StoredFile | undefined): string {
  if (!lstatSync(path).isFile()) return 'not a regular file';
  if (file === undefined) return 'differs from its name';
  const difference = compareStat(path, file);
  if (difference !== undefined) return difference;
  const same = JSON.stringify(readXattrs(path)) === JSON.stringify(file.xattrs);
  return same ? 'changed content' : 'changed extended attributes';
}

/** What a read says of its file: the part of its message behind the path. */
function problemOf(path: string, read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'store-damaged') throw error;
    return error.message.slice(error.message.indexOf(path) + path.length + 2);
  }
}
