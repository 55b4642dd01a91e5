import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { isErrno, messageOf } from '../../errors.ts';
import { Budget } from '../budget.ts';
import { invalid } from '../layer-problem.ts';
import { checkLimit, type Limits } from '../limits.ts';
import type { Compression } from '../media-type.ts';
import { streamPieces } from '../stream-pieces.ts';
import { ByteSource } from './byte-source.ts';
import { detectCompression, LONGEST_MAGIC } from './detect.ts';
import { freeBuffer } from './free-buffer.ts';
import { decompressByProgram } from './host-decompressor.ts';
import { ZstdFrame } from './zstd-frames.ts';

// Far faster than the default of 16 KiB, with gzip above all.
const CHUNK = 1 << 20;

/** Compressed bytes of a zstd frame that is decompressed in one go. */
const SMALL = 1 << 16;

/**
 * The archive inside a blob, in pieces that are valid only until the next one is asked for. The whole
 * input must be one sequence of gzip members, zstd frames or the like: cut off, damaged or followed by
 * anything else is `layer-invalid`, and so is a compression other than the one that was announced. No
 * bytes at all are an empty archive, as docker has them. A zstd frame takes its window from `windows` and waits
 * for that. Throws `limit-exceeded` too, and `media-type-unsupported` where the host lacks the program for
 * bzip2 or xz.
 */
export async function* decompress(
  compression: Compression,
  input: AsyncIterable<Uint8Array>,
  limits: Limits,
  windows: Budget = new Budget(limits.zstdWindowBytes),
): AsyncGenerator<Buffer> {
  const source = new ByteSource(input);
  const head = await source.peek(LONGEST_MAGIC);
  if (head.length === 0) return;
  const found = detectCompression(head);
  if (found !== compression) {
    throw invalid(`announced as ${describe(compression)}, but is ${describe(found)}`);
  }
  switch (compression) {
    case 'none':
      yield* source.rest();
      break;
    case 'gzip':
      yield* decode('gzip', createGunzip({ chunkSize: CHUNK }), source.rest());
      break;
    case 'zstd':
      yield* unzstd(source, limits, windows);
      break;
    case 'bzip2':
    case 'xz':
      yield* decompressByProgram(compression, source.rest(), limits);
  }
}

async function* unzstd(source: ByteSource, limits: Limits, windows: Budget): AsyncGenerator<Buffer> {
  let frames = 0;
  for (let head = await source.peek(4); head.length > 0; head = await source.peek(4)) {
    const frame = new ZstdFrame(limits);
    if (isData(head)) {
      // Writers that begin one for each file, as zstd:chunked does, have not many more of them than entries.
      frames += 1;
      checkLimit(limits, 'entries', frames, 'zstd frames of a layer');
      yield* unzstdFrame(source, frame, limits, windows);
    } else {
      for await (const _skipped of source.frame(frame));
    }
  }
}

// A decoder that is a stream costs ten times what a small frame does.
async function* unzstdFrame(
  source: ByteSource,
  frame: ZstdFrame,
  limits: Limits,
  windows: Budget,
): AsyncGenerator<Buffer> {
  const windowLogMax = Math.max(10, Math.min(31, Math.ceil(Math.log2(limits.zstdWindowBytes))));
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogMax };
  const first = await collect(source.frame(frame), SMALL);
  const whole = frame.ended ? unzstdAtOnce(first, params) : undefined;
  if (whole !== undefined) {
    yield whole;
    return;
  }
  await windows.take(frame.windowBytes);
  try {
    const decoder = createZstdDecompress({ chunkSize: CHUNK, params });
    yield* decode('zstd', decoder, chain(first, source.frame(frame)));
  } finally {
    windows.give(frame.windowBytes);
  }
}

/** The content of a whole frame; undefined when that is not small. */
function unzstdAtOnce(frame: Buffer, params: Record<number, number>): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { params, maxOutputLength: CHUNK });
  } catch (error) {
    if (isErrno(error, 'ERR_BUFFER_TOO_LARGE')) return undefined;
    throw isCodecError(error) ? invalid(`zstd: ${messageOf(error)}`) : error;
  }
}

/** The first pieces, until there are more than `enough` bytes of them. */
async function collect(pieces: AsyncIterable<Buffer>, enough: number): Promise<Buffer> {
  const held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held.push(Buffer.from(piece));
    length += piece.length;
    if (length > enough) break;
  }
  return Buffer.concat(held);
}

async function* chain(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function isData(head: Uint8Array): boolean {
  return head[0] === 0x28;
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
  // Of bytes behind zeros it hears when it has ended and nobody iterates any more: that must not count either.
  decoder.on('error', () => {});
  try {
    for await (const chunk of wholeBuffers(decoder)) {
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

/** What comes in slices of one buffer, as one: a buffer can be freed or given away only as a whole. */
async function* wholeBuffers(decoder: Transform): AsyncGenerator<Buffer<ArrayBuffer>> {
  let held: Buffer<ArrayBuffer> | undefined;
  for await (const slices of streamPieces(decoder, CHUNK)) {
    for (const { buffer, byteOffset, length } of slices) {
      if (held !== undefined && held.buffer !== buffer) yield held;
      const start = held?.buffer === buffer ? held.byteOffset : byteOffset;
      const end = byteOffset + length;
      held = Buffer.from(buffer, start, end - start);
      if (end < buffer.byteLength) continue;
      yield held;
      held = undefined;
    }
  }
  if (held !== undefined) yield held;
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
