import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import type { Host } from '../host/host.ts';

/** Where the registry of a host listens. */
export const REGISTRY = '127.0.0.1:5000';

export interface ImageContent {
  /** Path in the image without a leading slash, to content; directories are made as needed. */
  files: Record<string, string>;
  /** OCI image spec, config.md, "config". */
  config?: Record<string, unknown>;
  /** Said of the layer in the config instead of the truth. */
  diffId?: string;
}

/** Pushes an image of one small layer to the host's registry, and returns the digest of that layer's blob. */
export async function pushImage(host: Host, name: string, content: ImageContent): Promise<string> {
  const layer = await pack(content.files);
  const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const layout = `/tmp/push-${name}`;
  const blobs = host.path(`${layout}/blobs/sha256`);
  mkdirSync(blobs, { recursive: true });
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
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: content.config ?? {},
      rootfs: { type: 'layers', diff_ids: [content.diffId ?? diffId] },
    }),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put(type, json({ schemaVersion: 2, mediaType: type, config, layers: [layerEntry] }));
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
