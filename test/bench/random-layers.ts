import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { digestHex } from '../../src/image/digest.ts';
import type { Host } from '../host/host.ts';
import { Layout } from '../images/layout.ts';
import { layerOf } from '../unit/layer/fake-source.ts';
import { TarBuilder } from '../unit/layer/tar-builder.ts';

/** How a layer is compressed. */
export interface Packing {
  mediaType: string;
  pack(archive: Buffer): Buffer;
}

export const GZIP: Packing = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  pack: (archive) => gzipSync(archive, { level: 1 }),
};

/** With the largest window that berth takes, 64 MiB. */
export const WIDE_ZSTD: Packing = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
  pack: (archive) => zstdCompressSync(archive, { params: { [constants.ZSTD_c_windowLog]: 26 } }),
};

/** Puts an image of random files, one a layer, into a host, and returns its reference. */
export async function putRandomLayers(
  host: Host,
  name: string,
  { layers, bytes, packing }: { layers: number; bytes: number; packing: Packing },
): Promise<string> {
  const layout = await Layout.create(host.path(`/tmp/${name}`));
  const packed = Array.from({ length: layers }, (_, number) => {
    const archive = new TarBuilder().file(String(number), randomFillSync(Buffer.alloc(bytes))).end();
    const blob = packing.pack(archive);
    const { descriptor, diffId } = layerOf(archive, packing.mediaType, blob);
    writeFileSync(join(layout.blobs, digestHex(descriptor.digest)), blob);
    return { ...descriptor, diffId };
  });
  const config = { Cmd: ['/0'] };
  await layout.add({ name, tags: [], folder: '', layers: [], config }, packed);
  return `oci:/tmp/${name}:${name}`;
}
