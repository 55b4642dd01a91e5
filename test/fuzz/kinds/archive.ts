import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { lookUpImage } from '../../../src/layer/look-up.ts';
import { Paths } from '../../../src/paths.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import type { Random } from '../../random.ts';
import { sha256 } from '../../unit/layer/fake-source.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type FuzzKind, isRefusal } from '../kind.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { type Json, mutateJson } from '../mutate/json.ts';
import { mutateMembers } from '../mutate/members.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };
const LAYER = new TarBuilder().file('a', 'content').end();
const WORDS = [
  'manifests',
  'mediaType',
  'digest',
  'size',
  'platform',
  'layers',
  'Layers',
  'Config',
  'RepoTags',
  OCI_INDEX,
  OCI_MANIFEST,
];
const PATHS = ['layer.tar', 'blobs/sha256/', '../layer.tar', '/etc/passwd', 'index.json', '.', ''];

/** Archives that are an OCI layout and what docker(1) saves at once, with whole images in them. */
export const archive: FuzzKind = {
  share: 0.02,
  codes: [
    ...([
      'archive-invalid',
      'image-not-found',
      'usage',
      'transport-unsupported',
      'platform-unavailable',
    ] as const),
    ...(['manifest-invalid', 'image-config-invalid', 'media-type-unsupported', 'limit-exceeded'] as const),
    ...(['digest-invalid', 'digest-mismatch', 'size-mismatch'] as const),
  ],

  make(random) {
    const whole = new ArchivedImage(random).pack();
    const changed = random.chance(0.3) ? mutateMembers(whole, random) : whole;
    const packed = random.chance(0.1) ? random.pick([gzipSync, zstdCompressSync])(changed) : changed;
    return random.chance(0.1) ? mutateBytes(packed, random) : packed;
  },

  async read(bytes) {
    writeFileSync('image.tar', bytes);
    const refusals: unknown[] = [];
    for (const kind of ['oci-archive', 'docker-archive'] as const) {
      try {
        await readImage(kind);
      } catch (error) {
        if (!isRefusal(archive, error)) throw error;
        refusals.push(error);
      }
    }
    if (refusals.length === 2) throw refusals[0];
  },
};

async function readImage(kind: 'oci-archive' | 'docker-archive'): Promise<void> {
  const reference = { kind, path: resolve('image.tar'), name: undefined, index: undefined };
  const registries = { search: [], aliases: {}, insecure: [] };
  const source = openSource(reference, { paths: new Paths(resolve('host')), env: {}, registries });
  const { signal } = new AbortController();
  try {
    const { manifest, config } = await lookUpImage(source, {
      platform: PLATFORM,
      limits: DEFAULT_LIMITS,
      signal,
    });
    assert.equal(manifest.layers.length, config.diffIds.length);
    for (const layer of manifest.layers) {
      let size = 0;
      for await (const chunk of source.blob(layer, signal)) size += chunk.length;
      assert.equal(size, layer.size);
    }
  } finally {
    await source.close();
  }
}

/** An image whose documents are changed by chance, and then named by the digests that they have. */
class ArchivedImage {
  readonly #random: Random;
  readonly #files = new Map<string, Buffer>();

  constructor(random: Random) {
    this.#random = random;
  }

  pack(): Buffer {
    const { layers, diffIds, paths } = this.#layers();
    const config = this.#blob({ ...PLATFORM, rootfs: { type: 'layers', diff_ids: diffIds } }, OCI_CONFIG);
    const manifest = this.#blob({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, OCI_MANIFEST);
    const inner = {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ ...manifest, platform: PLATFORM }],
    };
    const top = this.#random.chance(0.5) ? manifest : this.#blob(inner, OCI_INDEX);
    this.#files.set('index.json', this.#document({ schemaVersion: 2, manifests: [top] }));
    this.#files.set('oci-layout', this.#document({ imageLayoutVersion: '1.0.0' }));
    const item = {
      Config: `blobs/${String(config['digest']).replace(':', '/')}`,
      RepoTags: ['a:1'],
      Layers: paths,
    };
    this.#files.set('manifest.json', this.#document([item]));
    const builder = new TarBuilder();
    for (const [name, content] of this.#files) builder.file(name, content);
    return builder.end();
  }

  #layers() {
    const layers: Json[] = [];
    const diffIds: Json[] = [];
    const paths: Json[] = [];
    for (let count = this.#random.int(3); count > 0; count -= 1) {
      const compress = this.#random.chance(0.5);
      const bytes = compress ? gzipSync(LAYER) : LAYER;
      const described = this.#add(bytes, `application/vnd.oci.image.layer.v1.tar${compress ? '+gzip' : ''}`);
      layers.push(described);
      diffIds.push(sha256(LAYER));
      paths.push(`blobs/${String(described['digest']).replace(':', '/')}`);
    }
    return { layers, diffIds, paths };
  }

  #blob(document: Json, mediaType: string): { [key: string]: Json } {
    return this.#add(this.#document(document), mediaType);
  }

  #add(bytes: Buffer, mediaType: string): { [key: string]: Json } {
    const digest = sha256(bytes);
    this.#files.set(`blobs/${digest.replace(':', '/')}`, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  #document(document: Json): Buffer {
    if (!this.#random.chance(0.15)) return Buffer.from(JSON.stringify(document));
    return mutateJson(document, [...WORDS, ...PATHS, ...this.#files.keys()], this.#random);
  }
}
