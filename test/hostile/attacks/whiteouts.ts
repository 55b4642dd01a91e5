import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const tar = () => new TarBuilder();

/** Whiteouts, to remove what is elsewhere. */
export const whiteoutAttacks: Attack[] = [
  byLayers('a whiteout of nothing', 'layer-unsafe', () => tar().file('dir/.wh.').end()),
  byLayers('a whiteout of "."', 'layer-unsafe', () => tar().file('dir/.wh..').end()),
  byLayers('a whiteout of ".."', 'layer-unsafe', () => tar().file('.wh...').end()),
  byLayers('a whiteout that climbs', 'layer-unsafe', () => tar().file('../canary/.wh.secret').end()),
  byLayers('an entry below a whiteout', 'layer-unsafe', () => tar().file('.wh.dir/new', 'x').end()),
  byLayers('an entry below a whiteout of ".."', 'layer-unsafe', () =>
    tar().file('.wh.../canary/secret', 'x').end(),
  ),
  byLayers(
    'a whiteout through a symlink',
    'harmless',
    () => [tar().symlink('l', `${CANARY}/dir`).end(), tar().file('l/.wh.file').end()],
    {
      holds: (rootfs) => assert.ok(lstatSync(join(rootfs, 'l')).isSymbolicLink()),
    },
  ),
  byLayers('an opaque directory through a symlink', 'harmless', () => [
    tar().symlink('l', `${CANARY}/dir`).end(),
    tar().file('l/.wh..wh..opq').end(),
  ]),
  byLayers(
    'an opaque root over everything',
    'harmless',
    () => [tar().file('a/b', 'x').end(), tar().file('.wh..wh..opq').end()],
    { holds: (rootfs) => assert.ok(!existsSync(join(rootfs, 'a'))) },
  ),
  byLayers(
    'a whiteout of its own layer',
    'harmless',
    () => tar().file('.wh.keep').file('keep', 'x').file('.wh.keep').end(),
    {
      holds: (rootfs) => assert.ok(existsSync(join(rootfs, 'keep'))),
    },
  ),
  byLayers('whiteouts as a directory, a symlink and a hard link', 'harmless', () =>
    tar().directory('.wh.a/').symlink('.wh.b', `${CANARY}/dir`).hardlink('.wh.c', `${CANARY}/secret`).end(),
  ),
  byLayers('bookkeeping of aufs that leads out', 'layer-unsafe', () =>
    tar().file('.wh..wh.plnk/../../canary/secret', 'x').end(),
  ),
  byLayers(
    'bookkeeping of aufs',
    'harmless',
    () => tar().directory('.wh..wh.plnk/').file('.wh..wh.plnk/1.2', 'x').end(),
    {
      holds: (rootfs) => assert.ok(!readdirSync(rootfs).some((name) => name.startsWith('.wh.'))),
    },
  ),
  byLayers(
    'a whiteout of overlayfs',
    'harmless',
    () => [
      tar().file('kept', 'x').directory('d/').file('d/kept', 'x').end(),
      tar()
        .device('character', 'kept.c', 0, 0)
        .directory('d/', { pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } })
        .end(),
    ],
    { holds: (rootfs) => assert.ok(existsSync(join(rootfs, 'd/kept'))) },
  ),
];
