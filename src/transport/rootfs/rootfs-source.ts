import { createHash } from 'node:crypto';
import { BerthError } from '../../errors.ts';
import { digestOf } from '../../image/descriptor.ts';
import { parseDigest } from '../../image/digest.ts';
import type { Descriptor, Platform } from '../../image/image.ts';
import { OCI_MANIFEST } from '../../image/media-type.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import type { ImageSource } from '../source.ts';
import { packExports } from './pack-exports.ts';
import { rootfsImageName } from './rootfs-image-name.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

/** An existing root file system, as far as an image can be made of it. */
export interface RootfsContent {
  /** The path to open now. */
  path: string;
  /** As a person named it. */
  named: string;
  /** What runs, unless its /exports say it; may be empty. */
  command: readonly string[];
  platform: Platform;
}

/**
 * The image of a service that runs on an existing root file system and has no other image: one layer
 * with the /exports that are there, and a config with the command. So a deployment keeps what it was
 * made of, whatever becomes of that directory.
 */
export class RootfsSource implements ImageSource {
  readonly name: string;
  readonly #content: RootfsContent;
  #config: Promise<Buffer> | undefined;
  #layer: Promise<Descriptor> | undefined;

  constructor(content: RootfsContent) {
    this.#content = content;
    this.name = rootfsImageName(content.named);
  }

  async top(): Promise<TopDocument> {
    const config = describe(CONFIG, await this.config());
    const layers = [await this.#describeLayer()];
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
    const bytes = Buffer.from(JSON.stringify(manifest));
    return { descriptor: describe(OCI_MANIFEST, bytes), bytes };
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    throw new BerthError('manifest-invalid', `no such manifest: ${this.name}: ${digest}`);
  }

  config(): Promise<Buffer> {
    this.#config ??= this.#makeConfig();
    return this.#config;
  }

  async *blob(): AsyncGenerator<Uint8Array> {
    // Some chunks are constants of the packer, which must stay.
    for await (const chunk of packExports(this.#content.path)) yield new Uint8Array(chunk);
  }

  async close(): Promise<void> {}

  async #makeConfig(): Promise<Buffer> {
    const { command, platform } = this.#content;
    const { digest } = await this.#describeLayer();
    const rootfs = { type: 'layers', diff_ids: [digest] };
    return Buffer.from(JSON.stringify({ ...platform, config: { Entrypoint: command }, rootfs }));
  }

  #describeLayer(): Promise<Descriptor> {
    this.#layer ??= describeLayer(packExports(this.#content.path));
    return this.#layer;
  }
}

async function describeLayer(archive: AsyncIterable<Uint8Array>): Promise<Descriptor> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of archive) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { mediaType: LAYER, digest: parseDigest(`sha256:${hash.digest('hex')}`), size };
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
