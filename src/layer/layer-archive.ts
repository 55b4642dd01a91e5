import { createHash } from 'node:crypto';
import { BerthError } from '../errors.ts';
import type { Budget } from '../image/budget.ts';
import { decompress } from '../image/compression/decompress.ts';
import { type Digest, digestAlgorithm, digestHex } from '../image/digest.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import type { Compression } from '../image/media-type.ts';
import type { VerifiedBlob } from '../image/verified-blob.ts';

/** What the archive inside a blob must be. */
export interface ExpectedArchive {
  compression: Compression;
  diffId: Digest;
  limits: Limits;
}

/** The archive inside the blob of a layer, hashed while it passes. */
export class LayerArchive {
  readonly #blob: VerifiedBlob;
  readonly #expected: ExpectedArchive;
  readonly #windows: Budget | undefined;
  #size = 0;

  /** `windows` is shared with archives that are read at the same time. */
  constructor(blob: VerifiedBlob, expected: ExpectedArchive, windows?: Budget) {
    this.#blob = blob;
    this.#expected = expected;
    this.#windows = windows;
  }

  /** Bytes so far, uncompressed. */
  get size(): number {
    return this.#size;
  }

  /**
   * Each piece is the consumer's. The end is reached only if blob, diff ID and limits are kept: throws
   * `digest-mismatch`, `limit-exceeded`, and what the blob and `decompress` throw.
   */
  async *chunks(): AsyncGenerator<Buffer> {
    const { compression, diffId, limits } = this.#expected;
    const hash = createHash(digestAlgorithm(diffId));
    for await (const chunk of decompress(compression, this.#blob.chunks(), limits, this.#windows)) {
      this.#size += chunk.length;
      this.#checkSize(limits);
      hash.update(chunk);
      yield chunk;
    }
    const found = hash.digest('hex');
    if (found === digestHex(diffId)) return;
    throw new BerthError(
      'digest-mismatch',
      `uncompressed content differs from the diff ID ${diffId}: it is ${digestAlgorithm(diffId)}:${found}`,
    );
  }

  #checkSize(limits: Limits): void {
    checkLimit(limits, 'imageBytes', this.#size, 'uncompressed size of an image');
    if (this.#size <= limits.compressionRatioFrom) return;
    checkLimit(limits, 'compressionRatio', this.#size / this.#blob.bytes, 'compression ratio of a layer');
  }
}
