import type { FileHandle } from 'node:fs/promises';
import { BerthError } from '../../errors.ts';
import { decompress } from '../../image/compression/decompress.ts';
import { detectCompression, LONGEST_MAGIC } from '../../image/compression/detect.ts';
import type { Limits } from '../../image/limits.ts';
import { quote } from '../../reference/quote.ts';
import { type ArchiveEntry, indexArchive } from './archive-index.ts';
import { archiveInvalid, type ImageFiles } from './image-files.ts';
import { openRegular } from './open-regular.ts';
import { readRange } from './read-range.ts';
import { spool } from './spool.ts';

/** A layer that two images share is one step away in what docker(1) wrote. */
const MOST_HOPS = 4;

/** The files in a tar archive, each read where it stands. */
export class ArchiveFiles implements ImageFiles {
  readonly place: string;
  readonly #archive: FileHandle;
  readonly #index: Map<string, ArchiveEntry>;

  private constructor(place: string, archive: FileHandle, index: Map<string, ArchiveEntry>) {
    this.place = place;
    this.#archive = archive;
    this.#index = index;
  }

  /**
   * Opens an archive; one that is compressed as a whole is decompressed first. Throws `image-not-found`,
   * `archive-invalid`, and what `spool` and `decompress` throw.
   */
  static async open(path: string, limits: Limits, signal: AbortSignal): Promise<ArchiveFiles> {
    const file = await openRegular(path, path);
    if (file === undefined) throw new BerthError('image-not-found', `no such file: ${path}`);
    let archive: FileHandle | undefined;
    try {
      archive = await decompressFile(file, path, limits, signal);
    } finally {
      if (archive !== file) await file.close();
    }
    return ArchiveFiles.of(archive, path, signal);
  }

  /** The files of an archive that is open already; it is closed with this, and on an error. */
  static async of(archive: FileHandle, place: string, signal: AbortSignal): Promise<ArchiveFiles> {
    try {
      return new ArchiveFiles(place, archive, await indexArchive(archive, place, signal));
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  async size(name: string): Promise<number | undefined> {
    return this.#find(name)?.size;
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#find(name);
    if (entry === undefined) throw archiveInvalid(this.place, `it has no ${quote(name)}`);
    yield* readRange(this.#archive, entry.offset, entry.size, this.place);
  }

  async close(): Promise<void> {
    await this.#archive.close();
  }

  #find(name: string): { offset: number; size: number } | undefined {
    let entry = this.#index.get(name);
    for (let hops = 0; entry !== undefined && 'link' in entry; hops += 1) {
      if (hops === MOST_HOPS) throw archiveInvalid(this.place, `${quote(name)}: too many symlinks`);
      entry = this.#index.get(entry.link);
    }
    return entry;
  }
}

async function decompressFile(
  file: FileHandle,
  path: string,
  limits: Limits,
  signal: AbortSignal,
): Promise<FileHandle> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_MAGIC), 0, LONGEST_MAGIC, 0);
  const compression = detectCompression(buffer.subarray(0, bytesRead));
  if (compression === 'none') return file;
  try {
    const input = decompress(compression, readRange(file, 0, size, path), limits);
    return await spool(input, { limits, signal, what: `cannot decompress ${path}` });
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'layer-invalid') throw error;
    throw archiveInvalid(path, error.message, { cause: error });
  }
}
