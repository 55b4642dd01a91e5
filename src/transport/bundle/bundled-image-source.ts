import { BerthError } from '../../errors.ts';
import { checkBytes } from '../../image/descriptor.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { formatPlatform } from '../../image/platform.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { type ImageFiles, readBlobFile, readDocument } from '../files/image-files.ts';
import { blobName } from '../layout/layout-format.ts';
import type { ImageSource } from '../source.ts';

/** One image of a bundle, under the name that it has in its registry: an update asks there again. */
export class BundledImageSource implements ImageSource {
  readonly name: string;
  readonly #top: Descriptor;
  readonly #files: ImageFiles;
  readonly #limits: Limits;

  constructor(name: string, top: Descriptor, files: ImageFiles, limits: Limits) {
    this.name = name;
    this.#top = top;
    this.#files = files;
    this.#limits = limits;
  }

  async top(): Promise<TopDocument> {
    const { mediaType, digest, size } = this.#top;
    const bytes = await this.manifest(this.#top);
    checkBytes(this.#top, bytes);
    return { descriptor: { mediaType, digest, size }, bytes };
  }

  /** Throws `platform-unavailable` for what an index names and the bundle was not made for. */
  async manifest({ digest, platform }: Descriptor): Promise<Buffer> {
    const name = blobName(digest);
    if (platform !== undefined && (await this.#files.size(name)) === undefined) {
      const wanted = formatPlatform(platform);
      throw new BerthError(
        'platform-unavailable',
        `not bundled for this platform: ${this.name}: ${this.#files.place} was made without ${wanted}`,
        { hint: `berth bundle --platform ${wanted} --output FILE ${this.name}` },
      );
    }
    return await readDocument(this.#files, name, this.#limits);
  }

  config({ digest }: Descriptor): Promise<Buffer> {
    return readDocument(this.#files, blobName(digest), this.#limits, 'configBytes');
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlobFile(this.#files, blobName(descriptor.digest), descriptor, signal);
  }

  /** The files are the bundle's, which is closed for itself. */
  async close(): Promise<void> {}
}
