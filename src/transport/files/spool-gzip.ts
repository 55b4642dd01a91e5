import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { createGzip, type Gzip } from 'node:zlib';
import type { Digest } from '../../image/digest.ts';
import type { Limits } from '../../image/limits.ts';
import { hashing } from './hashing.ts';
import { readRange } from './read-range.ts';
import { spool } from './spool.ts';

// Larger than the default, so that files are written in few calls.
const CHUNK = 1 << 18;

/** An archive of a layer that was compressed, in a file without a name; sizes in bytes. */
export interface GzippedLayer {
  /** Of the archive before. */
  diffId: Digest;
  /** Of the compressed one. */
  digest: Digest;
  size: number;
  /** To be closed when done. */
  file: FileHandle;
}

/** Compresses an archive, the same each time; throws as `spool`. Pieces of the input are used up before the next is asked for. */
export async function spoolGzip(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { limits: Limits; what: string; signal: AbortSignal },
): Promise<GzippedLayer> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  const file = await spool(hashing(gzip(hashing(input, plain)), packed), options);
  const digest = (hash: Hash) => `sha256:${hash.digest('hex')}` as Digest;
  return { diffId: digest(plain), digest: digest(packed), size: (await file.stat()).size, file };
}

/** The compressed archive, from its beginning each time. */
export function readGzipped({ file, size, digest }: GzippedLayer): AsyncIterable<Uint8Array> {
  return readRange(file, 0, size, `layer ${digest}`);
}

async function* gzip(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const packer = createGzip({ chunkSize: CHUNK });
  const feeding = feed(packer, input);
  // It is awaited below; until then its failure must not count as unhandled.
  feeding.catch((error) => packer.destroy(error));
  yield* packer;
  await feeding;
}

async function feed(packer: Gzip, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of input) {
    await new Promise<void>((resolve, reject) => {
      packer.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }
  packer.end();
}
