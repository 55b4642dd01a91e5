import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import type { Host } from '../host/host.ts';

/** Where the registry of a host listens. */
export const REGISTRY = '127.0.0.1:5000';

export interface ImageContent {
  /** An image of the registry that this one is built on. */
  from?: string;
  /** Path in the image without a leading slash, to content; directories are made as needed. */
  files: Record<string, string>;
  /** OCI image spec, config.md, "config". */
  config?: Record<string, unknown>;
  /** That of this machine without it. */
  architecture?: string;
  /** Said of the layer in the config instead of the truth. */
  diffId?: string;
}

interface Base {
  layers: unknown[];
  diffIds: string[];
  config: Record<string, unknown>;
}

/** Pushes an image with one small layer to the host's registry, and returns the digest of that layer's blob. */
export async function pushImage(host: Host, name: string, content: ImageContent): Promise<string> {
  const layer = await pack(content.files);
  const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const layout = `/tmp/push-${name}`;
  const blobs = host.path(`${layout}/blobs/sha256`);
  mkdirSync(blobs, { recursive: true });
  const base = content.from === undefined ? NOTHING : await readBase(host, content.from, layout);
  const put = (mediaType: string, bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(`${blobs}/${hex}`, bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const layerEntry = put('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer));
  const config = put(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: content.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
      os: 'linux',
      config: { ...base.config, ...content.config },
      rootfs: { type: 'layers', diff_ids: [...base.diffIds, content.diffId ?? diffId] },
    }),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const layers = [...base.layers, layerEntry];
  const manifest = put(type, json({ schemaVersion: 2, mediaType: type, config, layers }));
  const annotations = { 'org.opencontainers.image.ref.name': 'it' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(host.path(`${layout}/index.json`), json(index));
  writeFileSync(host.path(`${layout}/oci-layout`), '{"imageLayoutVersion":"1.0.0"}');
  await host.sh(
    `skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:${layout}:it docker://${REGISTRY}/${name}:latest
     rm -r ${layout}`,
  );
  return layerEntry.digest;
}

const NOTHING: Base = { layers: [], diffIds: [], config: {} };

/** Copies an image of the registry into a layout and says what is in it. */
async function readBase(host: Host, name: string, layout: string): Promise<Base> {
  await host.sh(
    `skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://${REGISTRY}/${name} oci:${layout}:base`,
  );
  const read = (digest: string) =>
    JSON.parse(readFileSync(host.path(`${layout}/blobs/sha256/${digest.slice('sha256:'.length)}`), 'utf8'));
  const index = JSON.parse(readFileSync(host.path(`${layout}/index.json`), 'utf8'));
  const { config, layers } = read(index.manifests[0].digest);
  const { config: run, rootfs } = read(config.digest);
  return { layers, diffIds: rootfs.diff_ids, config: run };
}

async function pack(files: Record<string, string>): Promise<Buffer> {
  const archive = tar.pack();
  const made = new Set<string>();
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split('/').slice(0, -1);
    for (const [index] of parts.entries()) {
      const directory = parts.slice(0, index + 1).join('/');
      if (!made.has(directory)) archive.entry({ name: `${directory}/`, type: 'directory', mode: 0o755 });
      made.add(directory);
    }
    archive.entry({ name: path, mode: 0o644, mtime: new Date(0) }, content);
  }
  archive.finalize();
  return await buffer(archive);
}
