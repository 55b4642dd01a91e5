import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import { parseImageConfig } from './config.ts';
import { checkBytes } from './descriptor.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform, ResolvedImage } from './image.ts';
import { checkLimit, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type ImageIndex, parseImageDocument } from './manifest.ts';
import { choosePlatform, formatPlatform, isRunnable } from './platform.ts';

/** What a transport gives to find an image with. */
export interface ImageContent {
  /** The bytes of a manifest or index; they are checked here. */
  manifest(descriptor: Descriptor): Promise<Buffer>;
  /** The bytes of a config, likewise. */
  config(descriptor: Descriptor): Promise<Buffer>;
}

/** A manifest or index whose bytes are at hand and checked. */
export interface TopDocument {
  descriptor: Descriptor;
  bytes: Buffer;
}

/**
 * Follows an image from its top document, through indexes, to the manifest and config of a platform.
 * Every document is checked against the digest and size that name it, and the config against the
 * manifest and the platform. Throws `platform-unavailable`, and what reading them throws.
 */
export async function resolveImage(
  top: TopDocument,
  content: ImageContent,
  platform: Platform,
  limits = DEFAULT_LIMITS,
): Promise<ResolvedImage> {
  const offered: string[] = [];
  const found = await new Search(content, platform, offered, limits).into(top, 0);
  if (found === undefined) throw unavailable(platform, offered);
  const { descriptor, bytes, manifest } = found;
  checkLimit(
    limits,
    'configBytes',
    manifest.config.size,
    `size of the image config ${manifest.config.digest}`,
  );
  const configBytes = await content.config(manifest.config);
  checkBytes(manifest.config, configBytes);
  const config = parseImageConfig(configBytes, limits);
  checkAgreement(manifest, config, platform);
  return { descriptor, manifestBytes: bytes, manifest, configBytes, config };
}

interface Found extends TopDocument {
  manifest: ImageManifest;
}

class Search {
  readonly #content: ImageContent;
  readonly #platform: Platform;
  readonly #offered: string[];
  readonly #limits: Limits;
  #documents = 0;

  constructor(content: ImageContent, platform: Platform, offered: string[], limits: Limits) {
    this.#content = content;
    this.#platform = platform;
    this.#offered = offered;
    this.#limits = limits;
  }

  async into({ descriptor, bytes }: TopDocument, depth: number): Promise<Found | undefined> {
    const document = parseImageDocument(bytes, descriptor.mediaType, this.#limits);
    if (document.kind === 'manifest') {
      const { manifest } = document;
      return { descriptor: { ...descriptor, mediaType: manifest.mediaType }, bytes, manifest };
    }
    checkLimit(this.#limits, 'indexDepth', depth + 1, `indexes in one another: ${descriptor.digest}`);
    this.#note(document.index);
    for (const entry of choosePlatform(document.index, this.#platform)) {
      const found = await this.into({ descriptor: entry, bytes: await this.#read(entry) }, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #read(entry: Descriptor): Promise<Buffer> {
    this.#documents += 1;
    checkLimit(
      this.#limits,
      'indexDocuments',
      this.#documents,
      `manifests read in one image: ${entry.digest}`,
    );
    checkLimit(this.#limits, 'manifestBytes', entry.size, `size of the manifest ${entry.digest}`);
    const bytes = await this.#content.manifest(entry);
    checkBytes(entry, bytes);
    return bytes;
  }

  #note(index: ImageIndex): void {
    for (const { platform } of index.manifests) {
      if (platform !== undefined && platform.os !== 'unknown') this.#offered.push(formatPlatform(platform));
    }
  }
}

function checkAgreement(manifest: ImageManifest, config: ImageConfig, platform: Platform): void {
  if (config.diffIds.length !== manifest.layers.length) {
    throw new BerthError(
      'image-config-invalid',
      `the image does not fit together: ${manifest.config.digest}: ` +
        `the manifest has ${manifest.layers.length} layers, the config ${config.diffIds.length}`,
    );
  }
  // An index can call a manifest what it likes; the config is what its builder said.
  const { os, architecture } = config;
  // Many say no variant, and then claim nothing about it.
  const variant = config.variant ?? (architecture === platform.architecture ? platform.variant : undefined);
  const own = variant === undefined ? { os, architecture } : { os, architecture, variant };
  if (!isRunnable(own, platform)) throw unavailable(platform, [formatPlatform(own)]);
}

function unavailable(platform: Platform, offered: string[]): BerthError {
  const list = quote([...new Set(offered)].slice(0, 20).join(', ')).slice(1, -1);
  return new BerthError(
    'platform-unavailable',
    `no image for this platform: ${formatPlatform(platform)}: there is ${list === '' ? 'none for any' : list}`,
  );
}
