import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor } from '../image/image.ts';
import type { TopDocument } from '../image/resolve-image.ts';
import type { ImageSource } from '../transport/source.ts';
import { readBlob } from './blob.ts';
import { readStoredManifest } from './image-parts.ts';
import type { Store } from './store.ts';

/** An image whose layers are in the store: what is made of it anew asks no registry. */
export class StoreSource implements ImageSource {
  readonly name: string;
  readonly #digest: Digest;
  readonly #store: Store;

  /** `digest` is that of its manifest, `name` what it was pulled as. */
  constructor(name: string, digest: Digest, store: Store) {
    this.name = name;
    this.#digest = digest;
    this.#store = store;
  }

  /** Throws `store-damaged`, as `config`. */
  async top(): Promise<TopDocument> {
    const bytes = readBlob(this.#store, this.#digest);
    const { mediaType } = readStoredManifest(this.#store, this.#digest);
    return { descriptor: { mediaType, digest: this.#digest, size: bytes.length }, bytes };
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    return readBlob(this.#store, digest);
  }

  async config({ digest }: Descriptor): Promise<Buffer> {
    return readBlob(this.#store, digest);
  }

  // biome-ignore lint/correctness/useYield: the store keeps layers unpacked
  async *blob({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    throw new BerthError('store-damaged', `a layer is not in the store: ${this.name}: ${digest}`, {
      hint: 'berth fsck --repair',
    });
  }

  async close(): Promise<void> {}
}
