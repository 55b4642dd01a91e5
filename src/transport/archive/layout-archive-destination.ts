import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { formatImageReference, type LayoutReference } from '../../reference/image-reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import { addToIndex, blobName, LAYOUT_FILE, LAYOUT_VERSION, refuseIndex } from '../layout/layout-format.ts';
import { NewArchive } from './new-archive.ts';

/** `oci-archive:`: a tar archive of an image layout, made anew. */
export class LayoutArchiveDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'oci';
  /** One file after the other. */
  readonly parallel = 1;
  readonly #archive: NewArchive;
  readonly #refName: string | undefined;
  #top: Descriptor | undefined;

  /** Throws `destination-exists`, and `reference-invalid` for what can only be read. */
  constructor(reference: LayoutReference) {
    refuseIndex(reference);
    this.name = formatImageReference(reference);
    this.#refName = reference.name;
    this.#archive = new NewArchive(reference.path);
  }

  async has(): Promise<boolean> {
    return false;
  }

  async putBlob({ descriptor, read }: BlobOnTheWay, signal: AbortSignal): Promise<void> {
    await this.#archive.add(blobName(descriptor.digest), descriptor.size, read(signal));
  }

  async putManifest({ descriptor, bytes }: TopDocument, isTop: boolean): Promise<void> {
    await this.#archive.add(blobName(descriptor.digest), bytes.length, [bytes]);
    if (isTop) this.#top = descriptor;
  }

  async commit(): Promise<void> {
    if (this.#top === undefined) throw new TypeError('an image without a manifest');
    const index = Buffer.from(addToIndex(undefined, this.#top, this.#refName));
    const version = Buffer.from(LAYOUT_VERSION);
    await this.#archive.add(LAYOUT_FILE, version.length, [version]);
    await this.#archive.add('index.json', index.length, [index]);
    await this.#archive.commit();
  }

  async close(): Promise<void> {
    await this.#archive.close();
  }
}
