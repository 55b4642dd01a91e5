import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { BerthError, messageOf } from '../errors.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import { freeBuffer } from './free-buffer.ts';
import { invalid } from './problem.ts';
import { isZstd, ZstdFrame } from './zstd-frames.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

// Far faster than the default of 16 KiB, with gzip above all.
const CHUNK = 1 << 20;

/** The compression that a layer's media type names, OCI or Docker. Throws `media-type-unsupported`. */
export function compressionOf(mediaType: string): Compression {
  const match =
    /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](gzip|zstd))?$/.exec(
      mediaType,
    );
  if (match === null) {
    throw new BerthError(
      'media-type-unsupported',
      `not the media type of a layer: ${JSON.stringify(mediaType)}`,
    );
  }
  return match[1] === 'gzip' || match[1] === 'zstd' ? match[1] : 'none';
}

/**
 * The archive inside a blob, in pieces that are valid only until the next one is asked for. The whole input must be one sequence of gzip
 * members or zstd frames: cut off, damaged or followed by anything else is `layer-invalid`, and so is
 * a compression other than the one that was announced.
 */
export async function* decompress(
  compression: Compression,
  input: AsyncIterable<Uint8Array>,
  limits: Limits,
): AsyncGenerator<Buffer> {
  const source = new ByteSource(input);
  const found = detect(await source.peek(4));
  if (found !== compression)
    throw invalid(`announced as ${describe(compression)}, but is ${describe(found)}`);
  if (compression === 'gzip') yield* decode('gzip', createGunzip({ chunkSize: CHUNK }), source.rest());
  else if (compression === 'zstd') yield* unzstd(source, limits);
  else yield* source.rest();
}

async function* unzstd(source: ByteSource, limits: Limits): AsyncGenerator<Buffer> {
  const windowLogMax = Math.max(10, Math.min(31, Math.ceil(Math.log2(limits.zstdWindowBytes))));
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogMax };
  let frames = 0;
  for (let head = await source.peek(4); head.length > 0; head = await source.peek(4)) {
    const frame = source.frame(new ZstdFrame(limits));
    // Each takes a decoder of its own, a millisecond, and an empty one has nine bytes. Writers that begin
    // one for each file, as zstd:chunked does, have not many more of them than entries.
    frames += Number(isData(head));
    checkLimit(limits, 'entries', frames, 'zstd frames of a layer');
    if (isData(head)) yield* decode('zstd', createZstdDecompress({ chunkSize: CHUNK, params }), frame);
    else for await (const _skipped of frame);
  }
}

function isData(head: Uint8Array): boolean {
  return head[0] === 0x28;
}

function detect(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return isZstd(head) ? 'zstd' : 'none';
}

function describe(compression: Compression): string {
  return compression === 'none' ? 'not compressed' : compression;
}

async function* decode(
  name: string,
  decoder: Transform & { bytesWritten: number },
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const fed = { bytes: 0, all: false };
  const feeding = feed(decoder, input, fed);
  // It is awaited below; until then its failure must not count as unhandled.
  feeding.catch((error) => decoder.destroy(error));
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer<ArrayBuffer>>) {
      yield chunk;
      freeBuffer(chunk);
    }
  } catch (error) {
    throw isCodecError(error) ? invalid(`${name}: ${messageOf(error)}`) : error;
  }
  // The decoder ends at once, without an error, where its input goes on with zeros.
  if (!fed.all || decoder.bytesWritten !== fed.bytes) throw invalid(`${name}: bytes after the end`);
  await feeding;
}

// Each chunk is used up before the next is asked for: its memory may be freed then.
async function feed(
  decoder: Transform,
  input: AsyncIterable<Uint8Array>,
  fed: { bytes: number; all: boolean },
): Promise<void> {
  for await (const chunk of input) {
    fed.bytes += chunk.length;
    await new Promise<void>((resolve, reject) => {
      decoder.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }
  fed.all = true;
  decoder.end();
}

function isCodecError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_)/.test(String(error.code));
}

/** Bytes of an iterable that can be looked at before they are taken. */
class ByteSource {
  readonly #input: AsyncIterator<Uint8Array>;
  #next: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The next bytes, fewer only at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#next.length < count) {
      // A copy: the memory behind it may be freed when more is asked for.
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
      const { value, done } = await this.#input.next();
      if (done) return undefined;
      if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  }
}
