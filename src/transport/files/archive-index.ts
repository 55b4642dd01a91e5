import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import tar, { type Header } from 'tar-stream';
import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import { archiveInvalid } from './image-files.ts';
import { readRange } from './read-range.ts';

/** Where the content of a file is in its archive, in bytes, or what file of the archive it stands for. */
export type ArchiveEntry = { offset: number; size: number } | { link: string };

/** An image has a few for each layer; an archive of many images is still far below. */
const MOST_ENTRIES = 20_000;

/**
 * The files of a tar archive by their names, found in one pass. Throws `archive-invalid` for one that two
 * programs could read differently, or that holds anything but files, directories and symlinks inside it,
 * and `limit-exceeded` for more than 20,000 entries.
 */
export async function indexArchive(
  handle: FileHandle,
  place: string,
  signal: AbortSignal,
): Promise<Map<string, ArchiveEntry>> {
  const { size } = await handle.stat();
  const index = new Map<string, ArchiveEntry>();
  const extract = tar.extract();
  let entries = 0;
  extract.on('entry', (header, stream, next) => {
    // It only repeats what ends the pipeline.
    stream.on('error', () => {});
    try {
      entries += 1;
      if (entries > MOST_ENTRIES) {
        throw new BerthError('limit-exceeded', `too many entries: ${place}: more than ${MOST_ENTRIES}`);
      }
      addEntry(index, header, place);
      stream.on('end', next).resume();
    } catch (error) {
      extract.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  try {
    await pipeline(readRange(handle, 0, size, place), extract, { signal });
  } catch (error) {
    if (error instanceof BerthError || signal.aborted) throw error;
    throw archiveInvalid(place, 'no tar archive, or a damaged one', { cause: error });
  }
  return index;
}

function addEntry(index: Map<string, ArchiveEntry>, header: Header, place: string): void {
  const refuse = (cause: string) => archiveInvalid(place, `${quote(header.name)}: ${cause}`);
  if (header.name.startsWith('/') || header.name.split('/').includes('..')) {
    throw refuse('a name outside of the archive');
  }
  const name = posix.normalize(header.name);
  const entry = readEntry(header, name, refuse);
  if (entry === undefined) return;
  if (index.has(name)) throw refuse('it is there twice');
  index.set(name, entry);
}

/** Undefined for a directory, which says nothing. */
function readEntry(
  header: Header,
  name: string,
  refuse: (cause: string) => BerthError,
): ArchiveEntry | undefined {
  const { type, size = 0, linkname, pax } = header;
  if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'))) throw refuse('a sparse file');
  if (type === 'file' || type === 'contiguous-file') {
    const { byteOffset: offset } = header as Header & { byteOffset: number };
    return { offset, size };
  }
  // tar-stream takes no content of a directory, and others do.
  if (size > 0) throw refuse('content where none belongs');
  if (type === 'directory') return undefined;
  if (type !== 'symlink') throw refuse(`neither a file nor a directory: ${type ?? 'unknown'}`);
  // As docker(1) used to write a layer that two images share.
  const link = posix.normalize(`${posix.dirname(name)}/${linkname ?? ''}`);
  if (linkname?.startsWith('/') || /^\.\.(?:\/|$)/.test(link)) throw refuse('a symlink out of the archive');
  return { link };
}
