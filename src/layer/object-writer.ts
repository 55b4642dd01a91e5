import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { setMtimeOfDescriptor } from '../linux/mtime.ts';
import { setXattrOfDescriptor } from '../linux/xattr.ts';
import { type Metadata, objectKey, type StoredFile } from '../store/object.ts';

/** Files up to this size are put together in memory, hashed and written at once under their name. */
const SMALL = 1 << 20;

/**
 * Writes the regular files of a layer as objects into a staging directory, one after the other. A
 * large file is written as it comes and gets its name at the end.
 */
export class ObjectWriter {
  readonly #directory: string;
  /** One for all small files: memory for each would pile up faster than it is collected. */
  readonly #memory = Buffer.allocUnsafeSlow(SMALL);
  #small: Buffer = this.#memory.subarray(0, 0);
  #large: { descriptor: number; hash: Hash } | undefined;
  #metadata: Metadata | undefined;
  #size = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  begin(metadata: Metadata, size: number): void {
    this.#metadata = metadata;
    this.#size = size;
    this.#small = this.#memory.subarray(0, 0);
    if (size > SMALL) {
      this.#large = { descriptor: openSync(this.#largePath, 'wx', 0o600), hash: createHash('sha256') };
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
    const content = this.#small;
    const sum = hash('sha256', content, 'hex');
    const key = objectKey(sum, content.length, metadata);
    const path = `${this.#directory}/${key}`;
    const planned = { ...metadata, key, size: content.length };
    let descriptor: number;
    try {
      descriptor = openSync(path, 'wx', metadata.mode & 0o777);
    } catch (error) {
      // This same layer has had the same file already.
      if (isErrno(error, 'EEXIST')) return planned;
      throw error;
    }
    try {
      writeFully(descriptor, content);
      return this.#seal(descriptor, path, sum, planned);
    } finally {
      closeSync(descriptor);
    }
  }

  #finishLarge(metadata: Metadata): StoredFile {
    const { descriptor, hash } = this.#large ?? unopened();
    const sum = hash.digest('hex');
    const key = objectKey(sum, this.#size, metadata);
    const sealed = this.#seal(descriptor, this.#largePath, sum, { ...metadata, key, size: this.#size });
    this.close();
    if (sealed.key === key) renameSync(this.#largePath, `${this.#directory}/${key}`);
    return sealed;
  }

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
    if (actual.mtimeNs === mtime) return planned;
    const metadata = { uid, gid, mode, xattrs, mtime: actual.mtimeNs };
    const sealed = { ...metadata, key: objectKey(sum, planned.size, metadata), size: planned.size };
    renameSync(path, `${this.#directory}/${sealed.key}`);
    return sealed;
  }

  // No key looks like this.
  get #largePath(): string {
    return `${this.#directory}/unfinished`;
  }
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function unopened(): never {
  throw new TypeError('no large file was begun');
}
