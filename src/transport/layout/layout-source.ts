import { checkBytes, digestOf } from '../../image/descriptor.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { parseIndex } from '../../image/manifest.ts';
import { OCI_INDEX } from '../../image/media-type.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { formatImageReference, type LayoutReference } from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';
import { archiveInvalid, type ImageFiles, readBlobFile, readDocument } from '../files/image-files.ts';
import type { ImageSource } from '../source.ts';
import { checkLayout } from './check-layout.ts';
import { chooseEntries } from './choose-entries.ts';
import { blobName, LAYOUT_FILE } from './layout-format.ts';

/** An image in an OCI image layout (OCI image spec, image-layout.md), in a directory or an archive. */
export class LayoutSource implements ImageSource {
  readonly name: string;
  readonly #reference: LayoutReference;
  readonly #files: ImageFiles;
  readonly #limits: Limits;

  constructor(reference: LayoutReference, files: ImageFiles, limits: Limits) {
    this.name = formatImageReference(reference);
    this.#reference = reference;
    this.#files = files;
    this.#limits = limits;
  }

  /** Throws `image-not-found`, `archive-invalid`, `usage` where the reference must say which image. */
  async top(): Promise<TopDocument> {
    await this.#check();
    const bytes = await readDocument(this.#files, 'index.json', this.#limits);
    const index = parseIndex(bytes, undefined, this.#limits);
    const [entry, ...others] = chooseEntries(index.manifests, this.#reference);
    if (others.length > 0) return indexOf([entry, ...others]);
    const { mediaType, digest, size } = entry;
    const manifest = await this.manifest(entry);
    checkBytes(entry, manifest);
    return { descriptor: { mediaType, digest, size }, bytes: manifest };
  }

  manifest(descriptor: Descriptor): Promise<Buffer> {
    return readDocument(this.#files, blobName(descriptor.digest), this.#limits);
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return readDocument(this.#files, blobName(descriptor.digest), this.#limits, 'configBytes');
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlobFile(this.#files, blobName(descriptor.digest), descriptor, signal);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  async #check(): Promise<void> {
    const { place } = this.#files;
    if ((await this.#files.size(LAYOUT_FILE)) === undefined) {
      const isDocker = (await this.#files.size('manifest.json')) !== undefined;
      const other = this.#reference.kind === 'oci' ? 'dir' : 'docker-archive';
      const detail = isDocker ? { hint: `name it ${other}:${place}` } : {};
      throw archiveInvalid(place, `it has no ${quote(LAYOUT_FILE)}`, detail);
    }
    await checkLayout(this.#files, this.#limits);
  }
}

/** Images of one name, each for a platform of its own. */
function indexOf(manifests: Descriptor[]): TopDocument {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  return { descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes };
}
