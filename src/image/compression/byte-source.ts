import { invalid } from '../layer-problem.ts';
import { freeBuffer } from './free-buffer.ts';
import type { ZstdFrame } from './zstd-frames.ts';

/**
 * Bytes of an iterable that can be looked at before they are taken. What was taken is valid until more is
 * asked for: then its memory is freed.
 */
export class ByteSource {
  readonly #input: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = Buffer.alloc(0);
  /** What of the chunk is still to be taken. */
  #next: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The next bytes, fewer only at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#next.length < count) {
      // A copy: the memory behind it is freed when more is asked for.
      const held = Buffer.from(this.#next);
      this.#next = held;
      const more = await this.#pull();
      if (more === undefined) break;
      this.#next = held.length === 0 ? more : Buffer.concat([held, more]);
    }
    return this.#next.subarray(0, count);
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (let chunk = await this.#take(); chunk !== undefined; chunk = await this.#take()) yield chunk;
  }

  /** The bytes of one zstd frame. */
  async *frame(frame: ZstdFrame): AsyncGenerator<Buffer> {
    while (!frame.ended) {
      const chunk = await this.#take();
      if (chunk === undefined) throw invalid('zstd: unexpected end of file');
      const count = frame.scan(chunk);
      this.#next = chunk.subarray(count);
      yield chunk.subarray(0, count);
    }
  }

  async #take(): Promise<Buffer | undefined> {
    if (this.#next.length === 0) return this.#pull();
    const chunk = this.#next;
    this.#next = Buffer.alloc(0);
    return chunk;
  }

  async #pull(): Promise<Buffer | undefined> {
    for (;;) {
      freeBuffer(this.#chunk);
      const { value, done } = await this.#input.next();
      if (done) return undefined;
      this.#chunk = value;
      if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  }
}
