import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { freeBuffer } from '../../../image/compression/free-buffer.ts';
import { checkLimit } from '../../../image/limits.ts';
import { streamPieces } from '../../../image/stream-pieces.ts';
import { BufferSweep } from '../../../linux/heap.ts';
import { connectionFailure } from './connection-failure.ts';
import type { Bounds } from './patience.ts';
import { Throughput } from './throughput.ts';

// So much of an unwanted body is read to keep its connection; of a longer one the connection is given up.
const CHEAP_TO_DRAIN = 64 * 1024;

/** Bytes that come while the reader is busy, and are one piece to it: each costs an inflate. */
const MOST_HELD = 1 << 18;

/** The answer to one request; its body is read once, or discarded. */
export class HttpAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** A credential stood behind the request: if this is a refusal, it is one of that. */
  hasCredential = false;
  readonly #message: IncomingMessage;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal | undefined;

  constructor(url: URL, message: IncomingMessage, bounds: Bounds, signal: AbortSignal | undefined) {
    this.url = url;
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.#message = message;
    this.#bounds = bounds;
    this.#signal = signal;
    // A body that nobody reads any more may still break off; that is nobody's failure then.
    message.on('error', () => undefined);
  }

  /**
   * Whether the end of the body is told apart from the end of the connection: by a length or by chunks.
   */
  get isDelimited(): boolean {
    return this.length !== undefined || this.headers['transfer-encoding'] !== undefined;
  }

  /** Content-Length in bytes. */
  get length(): number | undefined {
    const header = this.headers['content-length'];
    return header === undefined || !/^[0-9]{1,15}$/.test(header) ? undefined : Number(header);
  }

  /**
   * The body. Throws `Transient` when it breaks off, stalls or only drips; the time the reader takes
   * does not count.
   */
  async *body(): AsyncGenerator<Buffer> {
    const message = this.#message;
    const abort = (): void => void message.destroy(new Error('aborted'));
    this.#signal?.addEventListener('abort', abort);
    const chunks = streamPieces(message, MOST_HELD);
    const throughput = new Throughput(this.#bounds.patience);
    const sweep = new BufferSweep();
    try {
      this.#signal?.throwIfAborted();
      for (;;) {
        const asked = performance.now();
        const chunk = await this.#next(chunks);
        if (chunk === undefined) return;
        if (throughput.isTooLow(chunk.length, performance.now() - asked)) throw this.#tooSlow();
        // Node copied it out of what the socket read.
        sweep.add(chunk.length);
        yield chunk;
      }
    } finally {
      this.#signal?.removeEventListener('abort', abort);
      message.destroy();
    }
  }

  #tooSlow(): unknown {
    const { leastInWindow, window } = this.#bounds.patience;
    const cause = new Error(`less than ${leastInWindow} bytes came in ${window / 1000} seconds`);
    return connectionFailure(this.url.host, cause);
  }

  async #next(chunks: AsyncIterator<Buffer[]>): Promise<Buffer | undefined> {
    const timer = setTimeout(() => {
      this.#message.destroy(new Error(`nothing came for ${this.#bounds.patience.stall / 1000} seconds`));
    }, this.#bounds.patience.stall);
    try {
      const { done, value } = await chunks.next();
      return done ? undefined : join(value);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw connectionFailure(this.url.host, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The whole body. Throws `limit-exceeded` as soon as it is longer than a limit allows. */
  async read(limit: 'manifestBytes' | 'configBytes' | 'tokenBytes', what: string): Promise<Buffer> {
    const { limits } = this.#bounds;
    const bytes = await this.beginning(limits[limit] + 1);
    checkLimit(limits, limit, bytes.length, `the ${what} is too large: ${this.url.host}`);
    return bytes;
  }

  /** The body until there are so many bytes, or a few more; what comes after them is let go. */
  async beginning(bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.body()) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) break;
    }
    return Buffer.concat(chunks);
  }

  /** Lets go of the body and of its connection. */
  abandon(): void {
    this.#message.destroy();
  }

  /** Lets go of the body, and keeps the connection where that is cheap. */
  discard(): void {
    if ((this.length ?? Number.POSITIVE_INFINITY) <= CHEAP_TO_DRAIN) this.#message.resume();
    else this.abandon();
  }
}

function join(pieces: Buffer[]): Buffer {
  const [only, ...others] = pieces;
  if (only !== undefined && others.length === 0) return only;
  const whole = Buffer.concat(pieces);
  for (const piece of pieces) freeBuffer(piece);
  return whole;
}
