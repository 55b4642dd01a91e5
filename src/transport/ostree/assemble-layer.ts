import type { Limits } from '../../image/limits.ts';
import { archiveInvalid } from '../files/image-files.ts';
import type { OstreeRepository } from './ostree-repository.ts';
import { type ArchivePiece, readTarSplit } from './tar-split.ts';

/** How many files one call of ostree gives. */
const BATCH = 200;

/** Bytes of paths that such a call may have; the kernel allows 2 MiB of arguments. */
const BATCH_PATHS = 256 << 10;

/** The archive of a layer, made anew from the commit that it was unpacked into. Throws what reading them throws. */
export async function* assembleLayer(
  repository: OstreeRepository,
  commit: string,
  { packed, limits, signal }: { packed: Buffer; limits: Limits; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  for await (const batch of batchesOf(readTarSplit(packed, limits))) {
    const paths = batch.flatMap((piece) => ('path' in piece ? piece.path : []));
    const content = new Content(repository.cat(commit, paths, signal), repository.path);
    try {
      for (const piece of batch) {
        if ('bytes' in piece) yield piece.bytes;
        else yield* content.take(piece.size);
      }
    } finally {
      await content.end();
    }
  }
}

async function* batchesOf(pieces: AsyncIterable<ArchivePiece>): AsyncGenerator<ArchivePiece[]> {
  let batch: ArchivePiece[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    batch.push(piece);
    bytes += 'path' in piece ? Buffer.byteLength(piece.path) : 0;
    if (batch.length < BATCH && bytes < BATCH_PATHS) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  yield batch;
}

/** Files that come one after the other, told apart by their sizes. */
class Content {
  readonly #input: AsyncGenerator<Buffer>;
  readonly #place: string;
  #rest: Buffer = Buffer.alloc(0);

  constructor(input: AsyncGenerator<Buffer>, place: string) {
    this.#input = input;
    this.#place = place;
  }

  async *take(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const bytes = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(bytes.length);
      left -= bytes.length;
      yield bytes;
    }
  }

  async end(): Promise<void> {
    await this.#input.return(undefined);
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#input.next();
    if (!done) return value;
    throw archiveInvalid(this.#place, 'a file is shorter than its layer says');
  }
}
