import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { syncDirectory } from '../../linux/durable.ts';
import { formatImageReference, type LayoutReference } from '../../reference/image-reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { DirectoryFiles, within } from '../files/directory-files.ts';
import { readDocument } from '../files/image-files.ts';
import { addToIndex, blobName, LAYOUT_FILE, LAYOUT_VERSION, refuseIndex } from './layout-format.ts';

const INDEX = 'index.json';

/**
 * `oci:`: an image layout in a directory, which may have other images, and may be somebody else's: nothing is
 * written where a symlink in it leads.
 */
export class LayoutDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'oci';
  readonly parallel = 2;
  readonly #path: string;
  readonly #refName: string | undefined;
  /** What is to be removed when nothing comes of it. */
  #made: string[] = [];
  readonly #limits: Limits;
  #opening: Promise<DirectoryFiles> | undefined;
  #top: Descriptor | undefined;

  /** Throws `destination-exists` for a directory with something else in it, `reference-invalid`. */
  constructor(reference: LayoutReference, limits: Limits) {
    this.#limits = limits;
    refuseIndex(reference);
    this.name = formatImageReference(reference);
    this.#path = reference.path;
    this.#refName = reference.name;
    if (!existsSync(this.#path) || existsSync(join(this.#path, LAYOUT_FILE))) return;
    if (lstatSync(this.#path).isDirectory() && readdirSync(this.#path).length === 0) return;
    throw new BerthError('destination-exists', `cannot write: ${this.#path}: not an image layout`, {
      hint: 'name another directory',
    });
  }

  /** A blob that is there is read in full before it is trusted. */
  async has({ digest, size }: Descriptor): Promise<boolean> {
    const files = await this.#files();
    const name = blobName(digest);
    if ((await files.size(name)) !== size) return false;
    try {
      await new VerifiedBlob(files.read(name), digest, size).drain();
      return true;
    } catch (error) {
      if (error instanceof BerthError) return false;
      throw error;
    }
  }

  async putBlob({ descriptor, read }: BlobOnTheWay, signal: AbortSignal): Promise<void> {
    await this.#write(descriptor, read(signal));
  }

  async putManifest({ descriptor, bytes }: TopDocument, isTop: boolean): Promise<void> {
    if (!(await this.has(descriptor))) await this.#write(descriptor, [bytes]);
    if (isTop) this.#top = descriptor;
  }

  async commit(): Promise<void> {
    if (this.#top === undefined) throw new TypeError('an image without a manifest');
    const files = await this.#files();
    const isFirst = (await files.size(INDEX)) === undefined;
    const before = isFirst ? undefined : await readDocument(files, INDEX, this.#limits);
    const text = addToIndex(before, this.#top, this.#refName);
    const touched = [...this.#made.map((path) => dirname(path)), join(this.#path, 'blobs')];
    for (const directory of new Set(touched)) syncDirectory(directory);
    if ((await files.size(LAYOUT_FILE)) === undefined) files.replace(LAYOUT_FILE, LAYOUT_VERSION);
    files.replace(INDEX, text);
    this.#made = [];
  }

  async close(): Promise<void> {
    for (const path of this.#made.reverse()) rmSync(path, { recursive: true, force: true });
    this.#made = [];
    // Why it could not be opened was told to who wanted to write.
    const files = await this.#opening?.catch(() => undefined);
    await files?.close();
  }

  #files(): Promise<DirectoryFiles> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<DirectoryFiles> {
    const made = mkdirSync(this.#path, { recursive: true });
    if (made !== undefined) this.#made.push(made);
    return await DirectoryFiles.open(this.#path);
  }

  async #write(
    { digest }: Descriptor,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const name = blobName(digest);
    const files = await this.#files();
    const directory = await files.makeDirectory(dirname(name), (path) => this.#made.push(path));
    try {
      const path = within(directory, basename(name));
      const temporary = `${path}.berth-new`;
      rmSync(temporary, { force: true });
      const file = await open(temporary, 'wx', 0o644);
      this.#made.push(join(this.#path, `${name}.berth-new`), join(this.#path, name));
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } finally {
      await directory.close();
    }
  }
}
