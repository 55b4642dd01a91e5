import { createHash, type Hash, hash } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { isErrno } from '../errors.ts';
import { setMtimeOfDescriptor } from '../linux/mtime.ts';
import { setXattrOfDescriptor } from '../linux/xattr.ts';
import { type Metadata, type ObjectKey, objectKey, type StoredFile } from '../store/object.ts';

/** Files up to this size are put together in memory, hashed and written at once under their name. */
const SMALL = 1 << 20;

/**
 * Writes the regular files of a layer as objects into a staging directory, one after the other. Other
 * threads may write theirs into the same one: a file that it has already is whole once all of them have
 * ended well. A large file is written as it comes and gets its name at the end.
 */
export class ObjectWriter {
  readonly #directory: string;
  readonly #unfinished: string;
  /** Directories that are there: one for each beginning of a key. */
  readonly #made = new Set<string>();
  /** One for all small files: memory for each would pile up faster than it is collected. */
  readonly #memory = Buffer.allocUnsafeSlow(SMALL);
  #small: Buffer = this.#memory.subarray(0, 0);
  #large: { descriptor: number; hash: Hash } | undefined;
  #metadata: Metadata | undefined;
  #size = 0;

  /** `unfinished` is a file that nobody else makes. */
  constructor(directory: string, unfinished: string) {
    this.#directory = directory;
    this.#unfinished = unfinished;
  }

  begin(metadata: Metadata, size: number): void {
    this.#metadata = metadata;
    this.#size = size;
    this.#small = this.#memory.subarray(0, 0);
    if (size > SMALL) {
      this.#large = { descriptor: openSync(this.#unfinished, 'wx', 0o600), hash: createHash('sha256') };
    }
  }

  /** The last chunk of a file has to stay as it is until the file is finished. */
  write(chunk: Buffer): void {
    if (this.#large !== undefined) {
      this.#large.hash.update(chunk);
      writeFully(this.#large.descriptor, chunk);
    } else if (chunk.length === this.#size) {
      this.#small = chunk;
    } else {
      const filled = this.#small.length;
      this.#small = this.#memory.subarray(0, filled + chunk.copy(this.#memory, filled));
    }
  }

  /** The object as it is on disk: where the file system cannot hold a time exactly, with what it holds. */
  finish(): StoredFile {
    const metadata = this.#metadata;
    if (metadata === undefined) throw new TypeError('no file was begun');
    this.#metadata = undefined;
    return this.#large === undefined ? this.#finishSmall(metadata) : this.#finishLarge(metadata);
  }

  /** Closes what is open; the directory is the caller's to remove. */
  close(): void {
    if (this.#large !== undefined) closeSync(this.#large.descriptor);
    this.#large = undefined;
  }

  #finishSmall(metadata: Metadata): StoredFile {
    const sum = hash('sha256', this.#small, 'hex');
    const size = this.#small.length;
    const planned = { ...metadata, key: objectKey(sum, size, metadata), size };
    const path = this.#path(planned.key);
    try {
      return this.#writeSmall(path, sum, planned);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    // This layer or another has the same file. Once it has its time, it stays under this name.
    const { mtimeNs } = lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? {};
    return mtimeNs === planned.mtime ? planned : this.#writeSmall(this.#unfinished, sum, planned);
  }

  #writeSmall(path: string, sum: string, planned: StoredFile): StoredFile {
    const descriptor = openSync(path, 'wx', planned.mode & 0o777);
    try {
      writeFully(descriptor, this.#small);
      return this.#seal(descriptor, path, sum, planned);
    } finally {
      closeSync(descriptor);
    }
  }

  #finishLarge(metadata: Metadata): StoredFile {
    const { descriptor, hash } = this.#large ?? unopened();
    const sum = hash.digest('hex');
    const key = objectKey(sum, this.#size, metadata);
    const sealed = this.#seal(descriptor, this.#unfinished, sum, { ...metadata, key, size: this.#size });
    this.close();
    return sealed;
  }

  /** Gives a file its metadata and its place. */
  #seal(descriptor: number, path: string, sum: string, planned: StoredFile): StoredFile {
    const { uid, gid, mode, xattrs, mtime } = planned;
    setMtimeOfDescriptor(descriptor, mtime);
    const actual = fstatSync(descriptor, { bigint: true });
    // Of most files all this is as it came. chown clears setuid and setgid and drops file capabilities, so
    // it goes before both.
    if (Number(actual.uid) !== uid || Number(actual.gid) !== gid) fchownSync(descriptor, uid, gid);
    if (Number(actual.mode & 0o7777n) !== mode) fchmodSync(descriptor, mode);
    for (const [name, value] of xattrs) {
      setXattrOfDescriptor(descriptor, Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'));
    }
    const metadata = { uid, gid, mode, xattrs, mtime: actual.mtimeNs };
    const sealed =
      actual.mtimeNs === mtime
        ? planned
        : { ...metadata, key: objectKey(sum, planned.size, metadata), size: planned.size };
    const place = this.#path(sealed.key);
    if (path !== place) renameSync(path, place);
    return sealed;
  }

  #path(key: ObjectKey): string {
    const directory = `${this.#directory}/${key.slice(0, 2)}`;
    if (!this.#made.has(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#made.add(directory);
    return `${directory}/${key.slice(2)}`;
  }
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function unopened(): never {
  throw new TypeError('no large file was begun');
}
