import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import type { Attack } from '../attack.ts';
import { byImage } from '../place-image.ts';

const OCI = 'application/vnd.oci.image.layer.v1.tar';
const DOCKER = 'application/vnd.docker.image.rootfs.diff.tar';
const archive = new TarBuilder().file('f', 'x'.repeat(100_000)).end();
const more = new TarBuilder().file('more', 'x').end();
const both = Buffer.concat([archive.subarray(0, -1024), more]);
const hasMore = (rootfs: string) => assert.ok(existsSync(join(rootfs, 'more')));

function blob(mediaType: string, bytes: () => Buffer, content = archive) {
  return () => ({ layers: [{ blob: bytes(), mediaType, diffId: digestOf(content) }] });
}

function run(program: string, args: string[], input: Uint8Array): Buffer {
  return execFileSync(program, args, { input, maxBuffer: 1 << 28 });
}

function skippable(content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

function withoutEnd(bytes: Buffer): Buffer {
  return bytes.subarray(0, -1);
}

/** Blobs whose compression is broken, wrong, or hides something. */
export const compressionAttacks: Attack[] = [
  byImage(
    'gzip that is cut off',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => withoutEnd(gzipSync(archive))),
  ),
  byImage(
    'gzip with something behind it',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => Buffer.concat([gzipSync(archive), more])),
  ),
  byImage(
    'gzip with zeros behind it',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => Buffer.concat([gzipSync(archive), Buffer.alloc(4096)])),
  ),
  byImage(
    'gzip with a second member',
    'harmless',
    blob(`${OCI}+gzip`, () => Buffer.concat([gzipSync(archive.subarray(0, -1024)), gzipSync(more)]), both),
    { holds: hasMore },
  ),
  byImage(
    'gzip that is announced as plain',
    'layer-invalid',
    blob(OCI, () => gzipSync(archive)),
  ),
  byImage(
    'plain that is announced as gzip',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => archive),
  ),
  byImage(
    'xz that is announced as gzip',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => run('xz', [], archive)),
  ),
  byImage(
    'gzip within gzip',
    'layer-invalid',
    blob(`${OCI}+gzip`, () => gzipSync(gzipSync(archive)), gzipSync(archive)),
  ),
  byImage(
    'zstd that is cut off',
    'layer-invalid',
    blob(`${OCI}+zstd`, () => withoutEnd(zstdCompressSync(archive))),
  ),
  byImage(
    'zstd with a second frame behind one to be skipped',
    'harmless',
    blob(
      `${OCI}+zstd`,
      () =>
        Buffer.concat([
          zstdCompressSync(archive.subarray(0, -1024)),
          skippable(Buffer.from('toc')),
          zstdCompressSync(more),
        ]),
      both,
    ),
    { holds: hasMore },
  ),
  byImage(
    'zstd whose skippable frame never ends',
    'layer-invalid',
    blob(`${OCI}+zstd`, () =>
      Buffer.concat([zstdCompressSync(archive), skippable(Buffer.alloc(10)).fill(0xff, 4, 8)]),
    ),
  ),
  // A header whose window descriptor says 2^30, and one empty block.
  byImage(
    'zstd that asks for a window of 1 GiB',
    'limit-exceeded',
    blob(`${OCI}+zstd`, () => Buffer.from('28b52ffd00a0010000', 'hex')),
  ),
  byImage(
    'zstd with a changed block',
    'layer-invalid',
    blob(`${OCI}+zstd`, () => {
      const bytes = zstdCompressSync(archive, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
      return bytes.fill(bytes[30] === 0 ? 1 : 0, 30, 31);
    }),
  ),
  byImage(
    'xz over an image that brings its own xz',
    'harmless',
    () => ({
      layers: [
        {
          blob: new TarBuilder()
            .file('usr/bin/xz', '#!/bin/sh\ntouch /dev/shm/owned\n', { mode: 0o4755 })
            .end(),
        },
        { blob: run('xz', [], archive), mediaType: `${DOCKER}.xz`, diffId: digestOf(archive) },
      ],
    }),
    { cve: 'CVE-2014-9357 (docker)', holds: () => assert.ok(!existsSync('/dev/shm/owned')) },
  ),
  byImage(
    'xz that is cut off',
    'layer-invalid',
    blob(`${DOCKER}.xz`, () => withoutEnd(run('xz', [], archive))),
  ),
  byImage(
    'xz with something behind it',
    'layer-invalid',
    blob(`${DOCKER}.xz`, () => Buffer.concat([run('xz', [], archive), more])),
  ),
  byImage(
    'xz that asks for 1 GiB of memory',
    'limit-exceeded',
    blob(`${DOCKER}.xz`, () => run('xz', ['--lzma2=dict=1GiB,mode=fast,mf=hc3,nice=8'], archive)),
  ),
  byImage(
    'bzip2 that is cut off',
    'layer-invalid',
    blob(`${DOCKER}.bzip2`, () => withoutEnd(run('bzip2', [], archive))),
  ),
  byImage(
    'bzip2 with something behind it',
    'layer-invalid',
    blob(`${DOCKER}.bzip2`, () => Buffer.concat([run('bzip2', [], archive), more])),
  ),
  byImage(
    'a blob of no bytes that is called gzip',
    'harmless',
    blob(`${OCI}+gzip`, () => Buffer.alloc(0), Buffer.alloc(0)),
  ),
];
