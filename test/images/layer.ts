import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { Compression } from './recipe.ts';

export interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

export interface PackedLayer extends Blob {
  diffId: string;
}

/** Writes a directory as a layer below `blobs`, by GNU tar: a reader that is not berth's own wrote it. */
export async function packLayer(tree: string, blobs: string, compression: Compression): Promise<PackedLayer> {
  const tar = spawn(
    'tar',
    [
      ...['--create', '--sort=name', '--numeric-owner', '--xattrs', '--xattrs-include=*'],
      // The notes of the overlay that the tree was made with.
      '--xattrs-exclude=trusted.*',
      ...['--format=posix', '--pax-option=delete=atime,delete=ctime'],
      // Runtimes mount their own; what is here served the packages' scripts.
      ...['--anchored', '--exclude=./dev/*', '--exclude=./proc/*', '--exclude=./sys/*'],
      ...['--directory', tree, '.'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(tar, 'close');
  const diffId = createHash('sha256');
  const digest = createHash('sha256');
  const unfinished = join(blobs, `unfinished-${tar.pid}`);
  let size = 0;
  await pipeline(
    tar.stdout,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        diffId.update(chunk);
        yield chunk;
      }
    },
    compressor(compression),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        digest.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(unfinished),
  );
  const [status] = await ended;
  if (status !== 0) {
    throw new Error(`tar ended with status ${status}`);
  }
  const hex = digest.digest('hex');
  await rename(unfinished, join(blobs, hex));
  const suffix = compression === 'none' ? '' : `+${compression}`;
  return {
    mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`,
    digest: `sha256:${hex}`,
    size,
    diffId: `sha256:${diffId.digest('hex')}`,
  };
}

function compressor(compression: Compression): Transform {
  switch (compression) {
    case 'gzip':
      return createGzip({ level: 6, chunkSize: 1 << 18 });
    case 'zstd':
      return createZstdCompress();
    case 'none':
      return new PassThrough();
  }
}
