import { digestOf } from '../../image/descriptor.ts';
import { digestHex } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { type DirectoryReference, formatImageReference } from '../../reference/image-reference.ts';
import { type ImageFiles, readBlobFile, readDocument } from '../files/image-files.ts';
import type { ImageSource } from '../source.ts';

/** An image in a directory as skopeo(1) writes it: `manifest.json`, and each blob under the hex of its digest. */
export class DirectorySource implements ImageSource {
  readonly name: string;
  readonly #files: ImageFiles;
  readonly #limits: Limits;

  constructor(reference: DirectoryReference, files: ImageFiles, limits: Limits) {
    this.name = formatImageReference(reference);
    this.#files = files;
    this.#limits = limits;
  }

  /** Throws `image-not-found`, `archive-invalid`. What type the document has is said in itself alone. */
  async top(): Promise<TopDocument> {
    const bytes = await readDocument(this.#files, 'manifest.json', this.#limits);
    return { descriptor: { mediaType: '', digest: digestOf(bytes), size: bytes.length }, bytes };
  }

  manifest({ digest }: Descriptor): Promise<Buffer> {
    return readDocument(this.#files, `${digestHex(digest)}.manifest.json`, this.#limits);
  }

  config({ digest }: Descriptor): Promise<Buffer> {
    return readDocument(this.#files, digestHex(digest), this.#limits, 'configBytes');
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlobFile(this.#files, digestHex(descriptor.digest), descriptor, signal);
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}
