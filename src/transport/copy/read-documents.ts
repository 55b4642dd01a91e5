import { BerthError } from '../../errors.ts';
import { checkBytes, readDescriptor } from '../../image/descriptor.ts';
import type { Descriptor, Platform } from '../../image/image.ts';
import { JsonField } from '../../image/json-field.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../image/media-type.ts';
import { resolveImage, type TopDocument } from '../../image/resolve-image.ts';
import type { ImageSource } from '../source.ts';

/** A manifest or index, and what it names that is no document itself. */
export interface CopyDocument extends TopDocument {
  /** Small, and at hand; undefined for an index. */
  config: { descriptor: Descriptor; bytes: Buffer } | undefined;
  layers: Descriptor[];
}

/** An index has a document for each platform, and often an attestation for each of these. */
const MOST_DOCUMENTS = 256;
/** Of all manifests, indexes and configs, which are held in memory. */
const MOST_BYTES = 32 << 20;

/** The manifest of a platform; of several images, it is the only one that is copied. Throws as `resolveImage`. */
export async function readOne(
  source: ImageSource,
  top: TopDocument,
  platform: Platform,
  limits: Limits,
): Promise<CopyDocument[]> {
  const image = await resolveImage(top, source, platform, limits);
  const { descriptor, manifest, manifestBytes, configBytes } = image;
  const config = { descriptor: manifest.config, bytes: configBytes };
  return [{ descriptor, bytes: manifestBytes, config, layers: manifest.layers }];
}

/**
 * Everything that a reference leads to, with attestations and what else an index names; each document
 * once, after those that it names, the top last. Throws `manifest-invalid`, `limit-exceeded`, and what
 * the source throws.
 */
export async function readAll(
  source: ImageSource,
  top: TopDocument,
  limits: Limits,
): Promise<CopyDocument[]> {
  const reader = new DocumentReader(source, limits);
  await reader.add(top, 0);
  return [...reader.documents.values()];
}

class DocumentReader {
  readonly documents = new Map<string, CopyDocument>();
  readonly #source: ImageSource;
  readonly #limits: Limits;
  #bytes = 0;

  constructor(source: ImageSource, limits: Limits) {
    this.#source = source;
    this.#limits = limits;
  }

  async add(document: TopDocument, depth: number): Promise<void> {
    const { descriptor, bytes } = document;
    this.#count(bytes);
    checkLimit(this.#limits, 'indexDepth', depth, `indexes within one another: ${descriptor.digest}`);
    const field = JsonField.parse(bytes, {
      code: 'manifest-invalid',
      document: 'the manifest',
      limits: this.#limits,
    }).object();
    const isIndex = field.get('manifests').isPresent;
    // Two programs would read two images from it (CVE-2021-41190).
    if (isIndex && (field.get('layers').isPresent || field.get('config').isPresent)) {
      throw field.wrong('a manifest and an index at once');
    }
    for (const entry of field.get('manifests').list().map(readDescriptor)) {
      if (!this.documents.has(entry.digest)) await this.add(await this.#read(entry), depth + 1);
    }
    const named = descriptor.mediaType.startsWith('application/vnd.') ? descriptor.mediaType : undefined;
    const mediaType =
      field.get('mediaType').optionalString() ?? named ?? (isIndex ? OCI_INDEX : OCI_MANIFEST);
    const layers = field.get('layers').list().map(readDescriptor);
    checkLimit(this.#limits, 'layers', layers.length, 'layers of an image');
    this.documents.set(descriptor.digest, {
      descriptor: { ...descriptor, mediaType },
      bytes,
      config: isIndex ? undefined : await this.#config(readDescriptor(field.get('config'))),
      layers,
    });
  }

  async #read(entry: Descriptor): Promise<TopDocument> {
    checkLimit(this.#limits, 'manifestBytes', entry.size, `size of the manifest ${entry.digest}`);
    const bytes = await this.#source.manifest(entry);
    checkBytes(entry, bytes);
    return { descriptor: entry, bytes };
  }

  async #config(descriptor: Descriptor): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
    checkLimit(this.#limits, 'configBytes', descriptor.size, `size of the image config ${descriptor.digest}`);
    const bytes = await this.#source.config(descriptor);
    checkBytes(descriptor, bytes);
    this.#count(bytes);
    return { descriptor, bytes };
  }

  #count(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes <= MOST_BYTES && this.documents.size < MOST_DOCUMENTS) return;
    throw new BerthError(
      'limit-exceeded',
      `too much in one index: more than ${MOST_DOCUMENTS} manifests, or ${MOST_BYTES >> 20} MiB of them and their configs`,
      { hint: 'copy its images one by one, with --platform' },
    );
  }
}
