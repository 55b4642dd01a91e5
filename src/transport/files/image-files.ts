import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';
import { quote } from '../../reference/quote.ts';

/**
 * The files that an image is made of, in a directory or in an archive, by their names relative to it.
 * There are regular files only, and none is reached through a link that leads outside.
 */
export interface ImageFiles {
  /** What messages call it: its path. */
  readonly place: string;
  /** Bytes of a file; undefined where there is none of this name. Throws `archive-invalid` for what is no regular file. */
  size(name: string): Promise<number | undefined>;
  /** All bytes of a file that is there. Throws `archive-invalid` when it is cut. */
  read(name: string): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** A document, up to its limit. Throws `archive-invalid` where there is none, `limit-exceeded`. */
export async function readDocument(
  files: ImageFiles,
  name: string,
  limits: Limits,
  limit: 'manifestBytes' | 'configBytes' = 'manifestBytes',
): Promise<Buffer> {
  const what = `size of ${quote(name)} in ${files.place}`;
  checkLimit(limits, limit, await sizeOf(files, name), what);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of files.read(name)) {
    // In a directory that is somebody else's, it may be another file by now.
    size += chunk.length;
    checkLimit(limits, limit, size, what);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The bytes of a blob. Throws `archive-invalid` where there is none, `size-mismatch` before any byte comes. */
export async function* readBlobFile(
  files: ImageFiles,
  name: string,
  { digest, size }: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const found = await sizeOf(files, name);
  if (found !== size) {
    throw new BerthError(
      'size-mismatch',
      `wrong size: ${digest}: ${size} bytes were named, ${files.place} has ${found}`,
    );
  }
  for await (const chunk of files.read(name)) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function sizeOf(files: ImageFiles, name: string): Promise<number> {
  const size = await files.size(name);
  if (size !== undefined) return size;
  throw archiveInvalid(files.place, `it has no ${quote(name)}`);
}

/** An archive or a directory that is not what an image is kept in. */
export function archiveInvalid(
  place: string,
  cause: string,
  detail: { hint?: string; cause?: unknown } = {},
): BerthError {
  return new BerthError('archive-invalid', `not an image: ${place}: ${cause}`, detail);
}
