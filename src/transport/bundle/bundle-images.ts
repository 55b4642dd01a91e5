import { existsSync } from 'node:fs';
import { BerthError } from '../../errors.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { formatImageReference, parseImageReference } from '../../reference/image-reference.ts';
import { ArchiveFiles } from '../files/archive-files.ts';
import type { ImageFiles } from '../files/image-files.ts';
import { LAYOUT_FILE } from '../layout/layout-format.ts';
import type { ImageSource } from '../source.ts';
import type { BundledName } from './bundle-format.ts';
import { type CollectedImage, collectImage } from './collect-image.ts';
import { type BundleCounts, type WriteOptions, writeBundle } from './write-bundle.ts';

export interface BundleRequest {
  /** Images as they were written. */
  images: readonly string[];
  open: (image: string) => ImageSource;
  platforms: readonly Platform[];
  limits: Limits;
}

/** What a bundle was made of. */
export interface MadeBundle extends BundleCounts {
  images: (BundledName & CollectedImage)[];
}

/** Of all manifests, indexes and configs, which are held in memory. */
const MOST_BYTES = 128 << 20;

/**
 * Makes a bundle of images. One that is there already takes part: what it has is not fetched again, and the new
 * one takes its place. Throws `destination-exists` for another file, `limit-exceeded`, and what `collectImage` and `writeBundle` throw.
 */
export async function bundleImages(
  path: string,
  { images: written, open, platforms, limits }: BundleRequest,
  options: Omit<WriteOptions, 'replace'>,
): Promise<MadeBundle> {
  const { signal } = options;
  const images = new Map<string, BundledName & CollectedImage>();
  const sources: ImageSource[] = [];
  let bytes = 0;
  const earlier = existsSync(path) ? await openEarlier(path, limits, signal) : undefined;
  try {
    for (const image of new Set(written)) {
      const source = open(image);
      sources.push(source);
      const collected = await collectImage(source, platforms, { limits, signal });
      bytes += [...collected.documents.values()].reduce((sum, { length }) => sum + length, 0);
      if (bytes > MOST_BYTES) throw tooMuch();
      // Of a short name, only what comes tells which image it is.
      const { name } = source;
      const known = images.get(name) ?? { name, spellings: [], ...collected };
      const spellings = new Set([...known.spellings, formatImageReference(parseImageReference(image))]);
      spellings.delete(name);
      images.set(name, { ...known, spellings: [...spellings].sort() });
    }
    const content = { images: [...images.values()], earlier };
    const counts = await writeBundle(path, content, { ...options, replace: earlier !== undefined });
    return { images: content.images, ...counts };
  } finally {
    for (const source of sources) await source.close();
    await earlier?.close();
  }
}

function tooMuch(): BerthError {
  return new BerthError(
    'limit-exceeded',
    `too much for one bundle: more than ${MOST_BYTES >> 20} MiB of manifests and configs`,
    { hint: 'make several bundles, and give the directory with all of them' },
  );
}

async function openEarlier(path: string, limits: Limits, signal: AbortSignal): Promise<ImageFiles> {
  const refuse = (cause?: unknown) =>
    new BerthError('destination-exists', `cannot write: ${path}: it is there, and is no bundle`, {
      hint: 'remove it, or name another file',
      cause,
    });
  let files: ImageFiles;
  try {
    files = await ArchiveFiles.open(path, limits, signal);
  } catch (error) {
    throw error instanceof BerthError && error.code === 'archive-invalid' ? refuse(error) : error;
  }
  if ((await files.size(LAYOUT_FILE)) !== undefined) return files;
  await files.close();
  throw refuse();
}
