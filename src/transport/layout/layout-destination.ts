import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { syncDirectory, writeDurably } from '../../linux/durable.ts';
import { formatImageReference, type LayoutReference } from '../../reference/image-reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { addToIndex, blobName, LAYOUT_FILE, LAYOUT_VERSION, refuseIndex } from './layout-format.ts';

/** `oci:`: an image layout in a directory, which may have other images. */
export class LayoutDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'oci';
  readonly parallel = 2;
  readonly #path: string;
  readonly #refName: string | undefined;
  /** What is to be removed when nothing comes of it. */
  #made: string[] = [];
  #top: Descriptor | undefined;

  /** Throws `destination-exists` for a directory with something else in it, `reference-invalid`. */
  constructor(reference: LayoutReference) {
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
    const path = join(this.#path, blobName(digest));
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size !== size) return false;
    try {
      await new VerifiedBlob(createReadStream(path), digest, size).drain();
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
    const index = join(this.#path, 'index.json');
    const before = existsSync(index) ? readFileSync(index) : undefined;
    const text = addToIndex(before, this.#top, this.#refName);
    const touched = [...this.#made.map((path) => dirname(path)), join(this.#path, 'blobs')];
    for (const directory of new Set(touched)) syncDirectory(directory);
    if (!existsSync(join(this.#path, LAYOUT_FILE))) {
      writeDurably(join(this.#path, LAYOUT_FILE), LAYOUT_VERSION, 0o644);
    }
    writeDurably(index, text, 0o644);
    this.#made = [];
  }

  async close(): Promise<void> {
    for (const path of this.#made.reverse()) rmSync(path, { recursive: true, force: true });
    this.#made = [];
  }

  async #write(
    { digest }: Descriptor,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const path = join(this.#path, blobName(digest));
    const directory = mkdirSync(dirname(path), { recursive: true });
    if (directory !== undefined) this.#made.push(directory);
    const temporary = `${path}.berth-new`;
    rmSync(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o644);
    this.#made.push(temporary, path);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }
}
