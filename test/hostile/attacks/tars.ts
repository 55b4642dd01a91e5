import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { header, seal, TarBuilder } from '../../unit/layer/tar-builder.ts';
import type { Attack } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const tar = () => new TarBuilder();
const raw = (content: string) => tar().entry('x', 'p', { content }).file('f', 'x').end();
const withHeader = (change: (block: Buffer) => Buffer) =>
  Buffer.concat([seal(change(header('0', 'f', {}, 0))), Buffer.alloc(1024)]);
/** An archive that hides in the content of a file. */
const hidden = tar().file('hidden', 'x').end();

/** Archives that two readers read in two ways, and such as are none. */
export const tarAttacks: Attack[] = [
  byLayers(
    'a PAX size that hides entries',
    'layer-invalid',
    () =>
      tar()
        .file('f', hidden, { size: 0, pax: { size: String(hidden.length) } })
        .end(),
    { cve: 'CVE-2025-62518 (tokio-tar and others)' },
  ),
  byLayers(
    'a ustar size that hides entries',
    'layer-invalid',
    () =>
      tar()
        .file('f', hidden, { pax: { size: '0' } })
        .end(),
    {
      cve: 'CVE-2025-62518 (tokio-tar and others)',
    },
  ),
  byLayers('a PAX name and a GNU long name', 'layer-invalid', () =>
    tar().pax({ path: 'a' }).gnuLong('L', 'b').file('f', 'x').end(),
  ),
  byLayers('two PAX headers', 'layer-invalid', () =>
    tar().pax({ path: 'a' }).pax({ path: 'b' }).file('f', 'x').end(),
  ),
  byLayers('two GNU long links', 'layer-invalid', () =>
    tar().gnuLong('K', 'a').gnuLong('K', 'b').symlink('f', 'x').end(),
  ),
  byLayers(
    'a global header with names and sizes',
    'harmless',
    () =>
      tar()
        .pax({ path: '../canary/secret', size: '1024', linkpath: '/etc/shadow' }, 'g')
        .file('f', 'x')
        .end(),
    { holds: (rootfs) => assert.equal(readFileSync(join(rootfs, 'f'), 'utf8'), 'x') },
  ),
  byLayers('a PAX record whose length is too long', 'layer-invalid', () => raw('999 path=x\n')),
  byLayers('a PAX record whose length is too short', 'layer-invalid', () => raw('4 path=x\n')),
  byLayers('a PAX record whose length is nothing', 'layer-invalid', () => raw('0 path=x\n')),
  byLayers('a PAX record without a length', 'layer-invalid', () => raw('path=../x\n')),
  byLayers('a PAX size with a sign', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { pax: { size: '-1' } })
      .end(),
  ),
  byLayers('a PAX size beyond numbers', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { pax: { size: '9'.repeat(16) } })
      .end(),
  ),
  byLayers('a directory with content', 'layer-invalid', () =>
    tar().entry('5', 'd/', { content: hidden }).end(),
  ),
  byLayers('an old directory with content', 'layer-invalid', () => tar().file('d/', hidden).end()),
  byLayers('a sparse file of GNU', 'layer-invalid', () => tar().entry('S', 'f', { format: 'gnu' }).end(), {
    cve: 'CVE-2025-58183 (Go archive/tar)',
  }),
  byLayers(
    'a sparse file of PAX',
    'layer-invalid',
    () =>
      tar()
        .file('f', '1\n0\n0\n', {
          pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(2 ** 50) },
        })
        .end(),
    { cve: 'CVE-2025-58183 (Go archive/tar)' },
  ),
  byLayers('a sparse file of star', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { pax: { 'SCHILY.realsize': '9' } })
      .end(),
  ),
  byLayers('a second volume', 'layer-invalid', () => tar().entry('M', 'f', { format: 'gnu' }).end()),
  byLayers('a type that nobody knows', 'layer-invalid', () => tar().entry('Z', 'f').end()),
  byLayers('an entry after half an end', 'layer-invalid', () => Buffer.concat([Buffer.alloc(512), hidden])),
  byLayers(
    'a second archive after the end',
    'harmless',
    () => Buffer.concat([tar().file('first', 'x').end(), hidden]),
    {
      holds: (rootfs) => assert.ok(!existsSync(join(rootfs, 'hidden'))),
    },
  ),
  byLayers('no archive, but text', 'layer-invalid', () => Buffer.from('#!/bin/sh\nrm -rf /\n'.repeat(60))),
  byLayers('no bytes at all', 'harmless', () => Buffer.alloc(0), {
    holds: (rootfs) => assert.ok(Array.isArray(readdirSync(rootfs))),
  }),
  byLayers('a header with a wrong checksum', 'layer-invalid', () =>
    Buffer.concat([header('0', 'f', {}, 0).fill('z', 0, 1), Buffer.alloc(1024)]),
  ),
  byLayers('a size that is not octal', 'layer-invalid', () =>
    withHeader((block) => block.fill('9', 124, 135)),
  ),
  byLayers('a negative size', 'layer-invalid', () => tar().file('f', '', { size: -512 }).end()),
  byLayers('a size of 2^80', 'layer-invalid', () =>
    withHeader((block) => block.fill(0x7f, 125, 136).fill(0x80, 124, 125)),
  ),
  byLayers('a file larger than the archive', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { size: 2 ** 30 })
      .end(),
  ),
  byLayers('an archive that is cut off in a PAX header', 'layer-invalid', () =>
    tar().pax({ path: 'x' }).bytes().subarray(0, 600),
  ),
  byLayers('an archive that ends after a PAX header', 'layer-invalid', () => tar().pax({ path: 'x' }).end()),
];
