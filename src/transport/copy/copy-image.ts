import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { lonePlatform } from '../../image/lone-platform.ts';
import { hostPlatform } from '../../image/platform.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { ImageDestination } from '../destination.ts';
import type { ImageSource } from '../source.ts';
import { closeGzipped, compressLayers } from './compress-layers.ts';
import { type CopyCounts, putDocuments } from './put-documents.ts';
import type { CopyProgress } from './read-checked.ts';
import { type CopyDocument, readAll, readOne } from './read-documents.ts';
import { toOci } from './to-oci.ts';

export interface CopyOptions {
  /**
   * Which image of an index is copied; all, with the index. Undefined: this host's, and one without an index
   * whatever platform it is for.
   */
  platform: Platform | 'all' | undefined;
  limits: Limits;
  signal: AbortSignal;
  onProgress: (progress: CopyProgress) => void;
}

export interface CopiedImage extends CopyCounts {
  from: string;
  to: string;
  /** Of the manifest or index at the source. */
  sourceDigest: Digest;
  /** Of the same at the destination, which may not hold it as it is; null where it has none. */
  digest: Digest | null;
}

/**
 * Copies an image. Digest and size of everything are checked on the way, blobs that are there are not
 * copied again, and nothing appears before all of it is there; the caller closes both ends, which removes
 * what was begun. Throws `usage` for an index into what holds one image, `interrupted`, and what source and
 * destination throw.
 */
export async function copyImage(
  source: ImageSource,
  destination: ImageDestination,
  options: CopyOptions,
): Promise<CopiedImage> {
  const { signal } = options;
  try {
    const found = await untilAborted(readDocuments(source, destination, options), signal);
    return await put(source, destination, found, options);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: copying ${source.name}`, { cause })
      : cause;
  }
}

async function readDocuments(
  source: ImageSource,
  { name, holds }: ImageDestination,
  { platform, limits }: CopyOptions,
): Promise<CopyDocument[]> {
  const top = await source.top();
  if (platform !== 'all') {
    const wanted = platform ?? (await lonePlatform(top, source, limits)) ?? hostPlatform();
    return await readOne(source, top, wanted, limits);
  }
  const documents = await readAll(source, top, limits);
  if (documents.length === 1 || holds !== 'one-image') return documents;
  throw new BerthError('usage', `cannot hold several images: ${name}`, { hint: 'leave out --all' });
}

async function put(
  source: ImageSource,
  destination: ImageDestination,
  found: CopyDocument[],
  options: CopyOptions,
): Promise<CopiedImage> {
  const isForDocker = destination.holds === 'one-image';
  const { documents, gzipped } = isForDocker
    ? { documents: found, gzipped: new Map() }
    : await compressLayers(found, source, options);
  try {
    const held = destination.holds === 'oci' ? toOci(documents) : documents;
    const counts = await putDocuments({ documents: held, gzipped }, source, destination, options);
    const digest = isForDocker ? null : topOf(held);
    return { from: source.name, to: destination.name, sourceDigest: topOf(found), digest, ...counts };
  } finally {
    await closeGzipped(gzipped);
  }
}

function topOf(documents: CopyDocument[]): Digest {
  const top = documents.at(-1);
  if (top === undefined) throw new TypeError('an image without documents');
  return top.descriptor.digest;
}
