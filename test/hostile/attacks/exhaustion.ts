import { execFileSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { header, TarBuilder } from '../../unit/layer/tar-builder.ts';
import type { Attack } from '../attack.ts';
import { byImage, byLayers } from '../place-image.ts';

const OCI = 'application/vnd.oci.image.layer.v1.tar';
const MIB = 1 << 20;
const tar = () => new TarBuilder();

/** So many entries, each by its number. */
function many(count: number, add: (archive: TarBuilder, number: number) => TarBuilder): Buffer {
  const archive = tar();
  for (let number = 0; number < count; number += 1) add(archive, number);
  return archive.end();
}

/** Images that take as much as they can: disk, memory, time. Some with the limits that everybody has. */
export const exhaustionAttacks: Attack[] = [
  byLayers(
    'a gzip bomb of one file',
    'limit-exceeded',
    () =>
      tar()
        .file('zeros', Buffer.alloc(64 * MIB))
        .end(),
    {
      cve: 'CVE-2017-14992 (docker)',
      limits: { fileBytes: 10 * MIB },
    },
  ),
  byLayers(
    'a gzip bomb behind the end of the archive',
    'limit-exceeded',
    () => Buffer.concat([tar().end(), Buffer.alloc(64 * MIB)]),
    {
      cve: 'CVE-2017-14992 (docker)',
      limits: { imageBytes: 10 * MIB },
    },
  ),
  byImage(
    'a zstd bomb',
    'limit-exceeded',
    () => {
      const archive = tar()
        .file('zeros', Buffer.alloc(64 * MIB))
        .end();
      return {
        layers: [{ blob: zstdCompressSync(archive), mediaType: `${OCI}+zstd`, diffId: digestOf(archive) }],
      };
    },
    { limits: { compressionRatioFrom: 4 * MIB } },
  ),
  byImage(
    'a bzip2 bomb',
    'limit-exceeded',
    () => {
      const archive = tar()
        .file('zeros', Buffer.alloc(64 * MIB))
        .end();
      const blob = execFileSync('bzip2', { input: archive, maxBuffer: MIB });
      return {
        layers: [
          {
            blob,
            mediaType: 'application/vnd.docker.image.rootfs.diff.tar.bzip2',
            diffId: digestOf(archive),
          },
        ],
      };
    },
    { limits: { imageBytes: 10 * MIB } },
  ),
  byImage('a bomb of empty zstd frames', 'limit-exceeded', () => {
    const frame = zstdCompressSync(Buffer.alloc(0));
    const blob = Buffer.concat(Array<Buffer>(160_000).fill(frame));
    return { layers: [{ blob, mediaType: `${OCI}+zstd`, diffId: digestOf(Buffer.alloc(0)) }] };
  }),
  byImage('one large layer 257 times', 'limit-exceeded', () => {
    const archive = tar().file('f', 'x').end();
    const layer = { blob: gzipSync(archive), mediaType: `${OCI}+gzip`, diffId: digestOf(archive) };
    return { layers: Array(257).fill(layer) };
  }),
  byLayers('more files than an image may have', 'limit-exceeded', () =>
    many(150_001, (archive, number) => archive.file(`f${number}`)),
  ),
  byLayers(
    'files in two layers that are too many together',
    'limit-exceeded',
    () => [
      many(600, (archive, number) => archive.file(`a${number}`)),
      many(600, (archive, number) => archive.file(`b${number}`)),
    ],
    { limits: { entries: 1000 } },
  ),
  byLayers('as many directories as an image may have', 'harmless', () =>
    many(149_900, (archive, number) => archive.directory(`${number % 100}/d${number}`)),
  ),
  byLayers('as many attributes as an image may have', 'harmless', () =>
    many(60_000, (archive, number) =>
      archive.symlink(`${number % 100}/l${number}`, 'x', {
        pax: { 'SCHILY.xattr.security.x': 'y'.repeat(250) },
      }),
    ),
  ),
  byLayers('long names until memory is full', 'limit-exceeded', () =>
    many(13_000, (archive, number) =>
      archive.file('f', '', { pax: { path: `${number}/${'long-name/'.repeat(290)}` } }).file(`f${number}`),
    ),
  ),
  byLayers('attributes until memory is full', 'limit-exceeded', () =>
    many(700, (archive, number) =>
      archive.file(`f${number}`, '', { pax: { 'SCHILY.xattr.user.a': '\x01'.repeat(50_000) } }),
    ),
  ),
  byLayers('names that make a hundred directories each', 'limit-exceeded', () =>
    many(1600, (archive, number) =>
      archive.file('f', '', { pax: { path: `${number}/${'d/'.repeat(100)}f` } }),
    ),
  ),
  byLayers('a PAX header that is too large', 'limit-exceeded', () =>
    tar()
      .pax({ comment: 'x'.repeat(2 * MIB) })
      .file('f')
      .end(),
  ),
  byLayers('a PAX header of 8 GiB, announced', 'limit-exceeded', () =>
    Buffer.concat([header('x', 'p', {}, 2 ** 33 - 1), Buffer.alloc(1024)]),
  ),
  byLayers('a GNU long name of 8 GiB, announced', 'limit-exceeded', () =>
    Buffer.concat([header('L', '././@LongLink', {}, 2 ** 33 - 1), Buffer.alloc(1024)]),
  ),
  byLayers('two hundred thousand PAX records before one entry', 'harmless', () =>
    tar()
      .entry('x', 'p', { content: '5 a=\n'.repeat(200_000) })
      .file('f')
      .end(),
  ),
  byLayers('a file of 1 TiB, announced', 'limit-exceeded', () =>
    tar()
      .file('f', 'x', { size: 2 ** 40 })
      .end(),
  ),
  byLayers('names that all lead through long chains of symlinks', 'layer-unsafe', () => {
    const archive = tar();
    for (let number = 0; number < 300; number += 1) {
      archive
        .gnuLong('K', `${'/'.repeat(4000)}${number === 299 ? '' : `s${number + 1}`}`)
        .symlink(`s${number}`, 'x');
    }
    for (let number = 0; number < 30_000; number += 1) archive.file(`s0/${number}`);
    return archive.end();
  }),
  byLayers('symlinks that make the tree deeper and deeper', 'limit-exceeded', () => {
    const archive = tar();
    for (let number = 0; number < 10; number += 1) {
      const target = `${number === 0 ? '' : `s${number - 1}/`}${'d/'.repeat(20)}`;
      archive.symlink(`s${number}`, target).file(`s${number}/x/f`);
    }
    return archive.end();
  }),
];
