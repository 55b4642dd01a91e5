import { createHash, type Hash } from 'node:crypto';
import { BerthError } from '../errors.ts';
import { type Digest, digestAlgorithm, digestHex } from './digest.ts';

/**
 * The bytes of a blob, hashed while they pass. The end of the iteration is reached only if size and
 * digest are those announced: else it throws `size-mismatch` or `digest-mismatch`.
 */
export class VerifiedBlob {
  readonly #input: AsyncIterator<Uint8Array>;
  readonly #digest: Digest;
  readonly #size: number;
  readonly #hash: Hash;
  #bytes = 0;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(input: AsyncIterable<Uint8Array>, digest: Digest, size: number) {
    this.#input = input[Symbol.asyncIterator]();
    this.#digest = digest;
    this.#size = size;
    this.#hash = createHash(digestAlgorithm(digest));
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  /** Takes what is left, for the check alone. */
  async drain(): Promise<void> {
    while (!this.#ended) await this.#next();
  }

  /** One after the other: a decoder that failed may still ask while the rest is drained, and a chunk is there only until the next is asked for. */
  #next(): Promise<Uint8Array | undefined> {
    const next = this.#last.then(() => this.#take());
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #take(): Promise<Uint8Array | undefined> {
    const { value, done } = await this.#input.next();
    if (done) {
      this.#check();
      return undefined;
    }
    this.#hash.update(value);
    this.#bytes += value.length;
    if (this.#bytes > this.#size) throw this.#wrongSize('more');
    return value;
  }

  #check(): void {
    if (this.#ended) return;
    if (this.#bytes < this.#size) throw this.#wrongSize(String(this.#bytes));
    this.#ended = true;
    const found = this.#hash.digest('hex');
    if (found === digestHex(this.#digest)) return;
    throw new BerthError(
      'digest-mismatch',
      `blob differs from its digest: ${this.#digest}: content is ${digestAlgorithm(this.#digest)}:${found}`,
    );
  }

  #wrongSize(found: string): BerthError {
    return new BerthError(
      'size-mismatch',
      `blob has a wrong size: ${this.#digest}: ${found} instead of ${this.#size} bytes`,
    );
  }
}
