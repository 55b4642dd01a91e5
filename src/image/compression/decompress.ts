import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf } from '../../errors.ts';
import { invalid } from '../layer-problem.ts';
import { checkLimit, type Limits } from '../limits.ts';
import type { Compression } from '../media-type.ts';
import { ByteSource } from './byte-source.ts';
import { detectCompression, LONGEST_MAGIC } from './detect.ts';
import { freeBuffer } from './free-buffer.ts';
import { decompressByProgram } from './host-decompressor.ts';
import { ZstdFrame } from './zstd-frames.ts';

// Far faster than the default of 16 KiB, with gzip above all.
const CHUNK = 1 << 20;

/**
 * The archive inside a blob, in pieces that are valid only until the next one is asked for. The whole
 * input must be one sequence of gzip members, zstd frames or the like: cut off, damaged or followed by
 * anything else is `layer-invalid`, and so is a compression other than the one that was announced. No
 * bytes at all are an empty archive, as docker has them. Throws `limit-exceeded` too, and
 * `media-type-unsupported` where the host lacks the program for bzip2 or xz.
 */
export async function* decompress(
  compression: Compression,
  input: AsyncIterable<Uint8Array>,
  limits: Limits,
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
      yield* unzstd(source, limits);
      break;
    case 'bzip2':
    case 'xz':
      yield* decompressByProgram(compression, source.rest(), limits);
  }
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
