import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Limits } from '../../image/limits.ts';
import { parseIndex } from '../../image/manifest.ts';
import { ArchiveFiles } from '../files/archive-files.ts';
import { DirectoryFiles } from '../files/directory-files.ts';
import { archiveInvalid, type ImageFiles, readDocument } from '../files/image-files.ts';
import { checkLayout } from '../layout/check-layout.ts';
import { LAYOUT_FILE } from '../layout/layout-format.ts';
import type { ImageSource } from '../source.ts';
import { type BundledImage, readName } from './bundle-format.ts';
import { BundledImageSource } from './bundled-image-source.ts';
import { findBundled } from './find-bundled.ts';

export interface OpenOptions {
  limits: Limits;
  signal: AbortSignal;
}

/** Images that are at hand, by the names that they have elsewhere. To be closed when nothing is read from them any more. */
export class Bundle {
  readonly images: readonly BundledImage[];
  readonly #files: readonly ImageFiles[];
  readonly #limits: Limits;

  constructor(images: readonly BundledImage[], files: readonly ImageFiles[], limits: Limits) {
    this.images = images;
    this.#files = files;
    this.#limits = limits;
  }

  /**
   * The image that a person wrote so, which must have the digest that is written, if one is. Throws
   * `image-not-found`, `usage` when several may be meant, `reference-invalid`.
   */
  open(image: string): ImageSource {
    const { name, top, files } = findBundled(this.images, image);
    return new BundledImageSource(name, top, files, this.#limits);
  }

  /** A file beside the images; undefined where there is none. Throws `limit-exceeded` above the size of a manifest. */
  async file(name: string): Promise<Buffer | undefined> {
    for (const files of this.#files) {
      if ((await files.size(name)) !== undefined) return await readDocument(files, name, this.#limits);
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const files of this.#files) await files.close();
  }
}

/**
 * Opens a bundle: a tar archive of an image layout, an image layout, or a directory with such archives, named
 * `*.tar`. Nothing is read from anywhere else, then or later. Throws `image-not-found`, `archive-invalid`, and what
 * reading them throws.
 */
export async function openBundle(written: string, options: OpenOptions): Promise<Bundle> {
  const path = resolve(written);
  const opened: ImageFiles[] = [];
  try {
    const images: BundledImage[] = [];
    for (const place of placesIn(path)) {
      const files = await openFiles(place, options);
      opened.push(files);
      // Other archives may lie in a directory.
      if ((await files.size(LAYOUT_FILE)) === undefined) continue;
      images.push(...(await readImages(files, options.limits)));
    }
    if (images.length === 0) throw archiveInvalid(path, 'no image layout with named images is there');
    return new Bundle(images, opened, options.limits);
  } catch (error) {
    for (const files of opened) await files.close();
    throw error;
  }
}

function placesIn(path: string): string[] {
  if (!isDirectory(path) || existsSync(join(path, LAYOUT_FILE))) return [path];
  const archives = readdirSync(path).filter((name) => name.endsWith('.tar'));
  return archives.sort().map((name) => join(path, name));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function openFiles(path: string, { limits, signal }: OpenOptions): Promise<ImageFiles> {
  return isDirectory(path) ? DirectoryFiles.open(path) : ArchiveFiles.open(path, limits, signal);
}

async function readImages(files: ImageFiles, limits: Limits): Promise<BundledImage[]> {
  await checkLayout(files, limits);
  const index = parseIndex(await readDocument(files, 'index.json', limits), undefined, limits);
  return index.manifests.flatMap((top) => {
    const name = readName(top);
    return name === undefined ? [] : [{ ...name, top, files }];
  });
}
