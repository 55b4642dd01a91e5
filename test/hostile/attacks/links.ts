import assert from 'node:assert/strict';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const UP = '../'.repeat(20);
const tar = () => new TarBuilder();
const isInside = (rootfs: string) => assert.equal(readFileSync(join(rootfs, CANARY, 'dir/new'), 'utf8'), 'x');
const within = (path: string) => path.slice(1);

/** Symlinks and hard links, to write, to read and to change what is elsewhere. */
export const linkAttacks: Attack[] = [
  byLayers(
    'a file through an absolute symlink',
    'harmless',
    () => tar().symlink('l', `${CANARY}/dir`).file('l/new', 'x').end(),
    {
      cve: 'CVE-2014-9356 (docker), CVE-2025-45582 (GNU tar)',
      holds: isInside,
    },
  ),
  byLayers(
    'a file through a symlink that climbs',
    'harmless',
    () =>
      tar()
        .symlink('l', `${UP}${within(CANARY)}/dir`)
        .file('l/new', 'x')
        .end(),
    {
      cve: 'CVE-2014-6407 (docker)',
      holds: isInside,
    },
  ),
  byLayers(
    'a symlink in one layer, a file through it in the next',
    'harmless',
    () => [tar().symlink('l', `${CANARY}/dir`).end(), tar().file('l/new', 'x').end()],
    { cve: 'CVE-2019-10152 (podman)', holds: isInside },
  ),
  byLayers(
    'a file through a chain of symlinks',
    'harmless',
    () =>
      tar()
        .symlink('a', 'b')
        .symlink('b', '/c/../d')
        .symlink('d', `./${UP}${within(CANARY)}`)
        .file('a/dir/new', 'x')
        .end(),
    { holds: isInside },
  ),
  byLayers(
    'a directory that becomes a symlink between two of its files',
    'harmless',
    () => tar().directory('l/').file('l/old', 'x').symlink('l', `${CANARY}/dir`).file('l/new', 'x').end(),
    { cve: 'CVE-2021-32803 (node-tar)', holds: isInside },
  ),
  byLayers(
    'a directory over a symlink, to change the mode of its target',
    'harmless',
    () => tar().symlink('l', `${CANARY}/dir`).directory('l', { mode: 0o777, uid: 1000 }).end(),
    {
      cve: 'CVE-2021-31566 (libarchive)',
      holds: (rootfs) => assert.ok(lstatSync(join(rootfs, 'l')).isDirectory()),
    },
  ),
  byLayers(
    'a file over a symlink, to write to its target',
    'harmless',
    () => tar().symlink('l', `${CANARY}/secret`).file('l', 'x').end(),
    {
      holds: (rootfs) => assert.ok(lstatSync(join(rootfs, 'l')).isFile()),
    },
  ),
  byLayers('a symlink to itself above a file', 'layer-unsafe', () =>
    tar().symlink('l', 'l').file('l/new').end(),
  ),
  byLayers('symlinks in a ring above a file', 'layer-unsafe', () =>
    tar().symlink('a', '/b').symlink('b', 'a/x').file('b/new').end(),
  ),
  byLayers('a symlink without a target', 'layer-invalid', () => tar().symlink('l', '').end()),
  byLayers('a symlink whose target is too long', 'layer-invalid', () =>
    tar().gnuLong('K', 'x'.repeat(5000)).symlink('l', 'x').end(),
  ),
  byLayers('a symlink with content', 'layer-invalid', () =>
    tar().entry('2', 'l', { linkName: 'x', content: 'hidden' }).end(),
  ),
  byLayers('a file below a file', 'layer-invalid', () => tar().file('f', 'x').file('f/new', 'x').end()),

  byLayers(
    'a hard link to an absolute name',
    'layer-invalid',
    () => tar().hardlink('l', `${CANARY}/secret`).end(),
    {
      cve: 'CVE-2014-6407 (docker), CVE-2026-23745 (node-tar)',
    },
  ),
  byLayers('a hard link that climbs', 'layer-unsafe', () => tar().hardlink('l', '../canary/secret').end(), {
    cve: 'CVE-2018-20834 (node-tar)',
  }),
  byLayers(
    'a hard link through a symlink',
    'layer-invalid',
    () => tar().symlink('s', `${CANARY}/dir`).hardlink('l', 's/file').file('l', 'x').end(),
    { cve: 'CVE-2014-6407 (docker)' },
  ),
  byLayers('a hard link through a symlink in a lower layer', 'layer-invalid', () => [
    tar().symlink('s', CANARY).end(),
    tar().hardlink('l', 's/secret').end(),
  ]),
  byLayers(
    'a hard link to a symlink, and a file over it',
    'harmless',
    () => tar().symlink('s', `${CANARY}/secret`).hardlink('l', 's').file('l', 'x').end(),
    { holds: (rootfs) => assert.ok(lstatSync(join(rootfs, 's')).isSymbolicLink()) },
  ),
  byLayers(
    'a hard link and then a file of the same name, to write into its target',
    'harmless',
    () => [tar().file('original', 'untouched').end(), tar().hardlink('l', 'original').file('l', 'x').end()],
    {
      cve: 'CVE-2018-20834 (node-tar)',
      holds: (rootfs) => assert.equal(readFileSync(join(rootfs, 'original'), 'utf8'), 'untouched'),
    },
  ),
  byLayers('a hard link to a later entry', 'layer-invalid', () =>
    tar().hardlink('l', 'later').file('later', 'x').end(),
  ),
  byLayers('a hard link to itself', 'layer-invalid', () => tar().hardlink('l', 'l').end()),
  byLayers('a hard link to a directory', 'layer-invalid', () =>
    tar().directory('d/').hardlink('l', 'd').end(),
  ),
  byLayers('a hard link to the root', 'layer-invalid', () => tar().hardlink('l', '/').end()),
  byLayers('a hard link with content', 'layer-invalid', () =>
    tar().file('f', 'x').entry('1', 'l', { linkName: 'f', content: 'hidden' }).end(),
  ),
];
