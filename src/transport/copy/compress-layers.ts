import { BerthError } from '../../errors.ts';
import { decompress } from '../../image/compression/decompress.ts';
import { parseImageConfig } from '../../image/config.ts';
import { digestOf } from '../../image/descriptor.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { layerCompression } from '../../image/media-type.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';
import { DOCKER_LAYER } from '../described-image.ts';
import { type GzippedLayer, spoolGzip } from '../files/spool-gzip.ts';
import type { ImageSource } from '../source.ts';
import type { CopyDocument } from './read-documents.ts';

const GZIPPED = `${DOCKER_LAYER}.gzip`;
/** What only archives and daemons of Docker have: no registry gave a layer such a type. */
const NOT_FOR_REGISTRIES = [DOCKER_LAYER, `${DOCKER_LAYER}.bzip2`, `${DOCKER_LAYER}.xz`];

export interface CompressedDocuments {
  documents: CopyDocument[];
  /** The layers that were compressed, by digest; to be closed when done. */
  gzipped: Map<Digest, GzippedLayer>;
}

/**
 * The same documents with gzip for the layers of Docker's archives that have none, or another compression than
 * registries know. What comes from a registry or a layout stays as it is. Throws `digest-mismatch` for a layer that
 * is not what its diff ID names, and what decompressing and the source throw.
 */
export async function compressLayers(
  documents: CopyDocument[],
  source: ImageSource,
  options: { limits: Limits; signal: AbortSignal },
): Promise<CompressedDocuments> {
  const compressor = new Compressor(source, options);
  try {
    const changed: CopyDocument[] = [];
    for (const document of documents) changed.push(await compressor.document(document));
    return { documents: changed, gzipped: compressor.gzipped };
  } catch (error) {
    await closeGzipped(compressor.gzipped);
    throw error;
  }
}

export async function closeGzipped(gzipped: ReadonlyMap<Digest, GzippedLayer>): Promise<void> {
  for (const { file } of gzipped.values()) await file.close();
}

class Compressor {
  readonly gzipped = new Map<Digest, GzippedLayer>();
  readonly #source: ImageSource;
  readonly #limits: Limits;
  readonly #signal: AbortSignal;

  constructor(source: ImageSource, { limits, signal }: { limits: Limits; signal: AbortSignal }) {
    this.#source = source;
    this.#limits = limits;
    this.#signal = signal;
  }

  async document(document: CopyDocument): Promise<CopyDocument> {
    const isMeant = ({ mediaType }: Descriptor) => NOT_FOR_REGISTRIES.includes(mediaType);
    if (document.config === undefined || !document.layers.some(isMeant)) return document;
    const { diffIds } = parseImageConfig(document.config.bytes, this.#limits);
    const layers: Descriptor[] = [];
    for (const [index, layer] of document.layers.entries()) {
      layers.push(isMeant(layer) ? await this.#compress(layer, diffIds[index]) : layer);
    }
    const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(document.bytes.toString('utf8')), layers }));
    const descriptor = { ...document.descriptor, digest: digestOf(bytes), size: bytes.length };
    return { ...document, descriptor, bytes, layers };
  }

  async #compress(layer: Descriptor, diffId: Digest | undefined): Promise<Descriptor> {
    const signal = this.#signal;
    const blob = new VerifiedBlob(this.#source.blob(layer, signal), layer.digest, layer.size);
    const archive = decompress(layerCompression(layer.mediaType), blob.chunks(), this.#limits);
    const what = `cannot compress layer ${layer.digest}`;
    const gzipped = await spoolGzip(archive, { limits: this.#limits, what, signal });
    // A layer that comes twice is one blob.
    await this.gzipped.get(gzipped.digest)?.file.close();
    this.gzipped.set(gzipped.digest, gzipped);
    if (gzipped.diffId !== diffId) {
      throw new BerthError(
        'digest-mismatch',
        `uncompressed content differs from the diff ID ${diffId}: it is ${gzipped.diffId}`,
      );
    }
    return { mediaType: GZIPPED, digest: gzipped.digest, size: gzipped.size };
  }
}
