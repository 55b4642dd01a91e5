import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import { digestHex } from '../../image/digest.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { syncDirectory } from '../../linux/durable.ts';
import { type DirectoryReference, formatImageReference } from '../../reference/image-reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { within } from '../files/directory-files.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

// As containers/image writes it; its readers look at the first line.
const VERSION = 'Directory Transport Version: 1.1\n';

/** `dir:`: the documents and blobs of one image as files of a new directory. */
export class DirectoryDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'anything';
  readonly parallel = 2;
  readonly #path: string;
  readonly #temporary: string;
  #opening: Promise<FileHandle> | undefined;

  /** Throws `destination-exists` for a directory that is not empty. */
  constructor(reference: DirectoryReference) {
    this.name = formatImageReference(reference);
    this.#path = reference.path;
    this.#temporary = `${reference.path}.berth-new`;
    if (existsSync(this.#path) && !isEmpty(this.#path)) throw occupied(this.#path);
  }

  async has(): Promise<boolean> {
    return false;
  }

  async putBlob({ descriptor, read }: BlobOnTheWay, signal: AbortSignal): Promise<void> {
    await this.#write(digestHex(descriptor.digest), read(signal));
  }

  async putManifest({ descriptor, bytes }: TopDocument, isTop: boolean): Promise<void> {
    await this.#write(isTop ? 'manifest.json' : `${digestHex(descriptor.digest)}.manifest.json`, [bytes]);
  }

  async commit(): Promise<void> {
    await this.#write('version', [Buffer.from(VERSION)]);
    await (await this.#opening)?.sync();
    try {
      renameSync(this.#temporary, this.#path);
    } catch (error) {
      throw isErrno(error, 'ENOTEMPTY', 'ENOTDIR', 'EEXIST') ? occupied(this.#path) : error;
    }
    syncDirectory(dirname(this.#path));
  }

  async close(): Promise<void> {
    if (this.#opening === undefined) return;
    // Why it could not be opened was told to who wanted to write.
    const directory = await this.#opening.catch(() => undefined);
    await directory?.close();
    rmSync(this.#temporary, { recursive: true, force: true });
  }

  async #open(): Promise<FileHandle> {
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#temporary);
    // Who owns the directory above may put a symlink in its place.
    return await open(this.#temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  async #write(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    this.#opening ??= this.#open();
    const file = await open(within(await this.#opening, name), 'wx', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return false;
    throw error;
  }
}

function occupied(path: string): BerthError {
  return new BerthError('destination-exists', `cannot write: ${path}: it is there and not empty`, {
    hint: 'remove it, or name another directory',
  });
}
