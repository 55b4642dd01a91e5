import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { digestHex } from '../../../src/image/digest.ts';
import { hostPlatform } from '../../../src/image/platform.ts';
import { Paths } from '../../../src/paths.ts';
import { parseImageReference } from '../../../src/reference/image-reference.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import type { ImageSource } from '../../../src/transport/source.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { resolveSource } from './resolve-source.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Two layers as archives, and what every transport makes of them. */
export const LAYERS = [
  new TarBuilder().directory('bin/').file('bin/server', 'server').end(),
  new TarBuilder().file('etc/config', 'config').end(),
];

const { os, architecture } = hostPlatform();

export const CONFIG_BYTES = Buffer.from(
  JSON.stringify({
    architecture,
    os,
    config: { Cmd: ['/bin/server'] },
    rootfs: { type: 'layers', diff_ids: LAYERS.map((layer) => digestOf(layer)) },
  }),
);

const blobs = LAYERS.map((layer) => gzipSync(layer));

export const MANIFEST_BYTES = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe(CONFIG, CONFIG_BYTES),
    layers: blobs.map((blob) => describe(LAYER, blob)),
  }),
);

export function describe(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** The files of an OCI layout with the image, under these names; none: without a name. */
export function layoutFiles(...names: string[]): Record<string, string | Buffer> {
  const entry = describe(MANIFEST, MANIFEST_BYTES);
  const manifests =
    names.length === 0
      ? [entry]
      : names.map((name) => ({ ...entry, annotations: { 'org.opencontainers.image.ref.name': name } }));
  const blob = (bytes: Buffer) => [`blobs/sha256/${digestHex(digestOf(bytes))}`, bytes];
  return {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests }),
    ...Object.fromEntries([MANIFEST_BYTES, CONFIG_BYTES, ...blobs].map(blob)),
  };
}

/** The files of a `dir:` with the image. */
export function directoryFiles(): Record<string, string | Buffer> {
  const blob = (bytes: Buffer) => [digestHex(digestOf(bytes)), bytes];
  return {
    version: 'Directory Transport Version: 1.1\n',
    'manifest.json': MANIFEST_BYTES,
    ...Object.fromEntries([CONFIG_BYTES, ...blobs].map(blob)),
  };
}

export function writeFiles(directory: string, files: Record<string, string | Buffer>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

export function tarOf(files: Record<string, string | Buffer>): Buffer {
  const tar = new TarBuilder();
  for (const [name, content] of Object.entries(files)) tar.file(name, content);
  return tar.end();
}

/** A source of any transport, without any settings. */
export function open(text: string, env: NodeJS.ProcessEnv = {}): ImageSource {
  const registries = { search: [], aliases: {}, insecure: [] };
  return openSource(parseImageReference(text), { paths: new Paths('/'), env, registries });
}

/** All of an image: its manifest's digest, and the bytes of its config and layers, checked by nobody. */
export async function readAll(text: string, env: NodeJS.ProcessEnv = {}) {
  const source = open(text, env);
  try {
    const image = await resolveSource(source, hostPlatform());
    const layers: Buffer[] = [];
    for (const layer of image.manifest.layers) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.blob(layer, new AbortController().signal)) chunks.push(chunk);
      layers.push(Buffer.concat(chunks));
    }
    return { name: source.name, digest: image.descriptor.digest, config: image.configBytes, layers, image };
  } finally {
    await source.close();
  }
}
