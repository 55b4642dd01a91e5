import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const UP = '../'.repeat(40);
const tar = () => new TarBuilder();
const named = (path: string) => tar().file('harmless', 'x', { pax: { path } }).end();

/** Names of entries that lead, or seem to lead, elsewhere. */
export const nameAttacks: Attack[] = [
  byLayers('a name that begins with ".."', 'layer-unsafe', () => tar().file('../canary/secret', 'x').end(), {
    cve: 'CVE-2007-4559 (Python tarfile), CVE-2018-1002200 (plexus-archiver)',
  }),
  byLayers('a name that climbs to the root', 'layer-unsafe', () => named(`${UP}${CANARY.slice(1)}/secret`)),
  byLayers(
    'a name with ".." after a member',
    'layer-unsafe',
    () => named(`etc/${UP}${CANARY.slice(1)}/secret`),
    {
      cve: 'CVE-2016-6321 (GNU tar)',
    },
  ),
  byLayers('a name whose ".." stays within', 'layer-unsafe', () => tar().file('a/../b', 'x').end()),
  byLayers('".." in the prefix of ustar', 'layer-unsafe', () =>
    tar().file('secret', 'x', { prefix: '../canary' }).end(),
  ),
  byLayers('".." in a GNU long name', 'layer-unsafe', () =>
    tar().gnuLong('L', '../canary/secret').file('harmless', 'x', { format: 'gnu' }).end(),
  ),
  byLayers('an absolute name', 'harmless', () => named(`${CANARY}/secret`), {
    cve: 'CVE-2021-32804 (node-tar)',
    holds: (rootfs) => assert.equal(readFileSync(join(rootfs, CANARY, 'secret'), 'utf8'), 'x'),
  }),
  byLayers('an absolute name with many slashes', 'harmless', () => named(`////.//${CANARY}///secret`), {
    cve: 'CVE-2021-32804 (node-tar)',
    holds: (rootfs) => assert.ok(existsSync(join(rootfs, CANARY, 'secret'))),
  }),
  byLayers('a NUL in a PAX name', 'layer-invalid', () => named('harmless\0/../../canary/secret')),
  byLayers('a NUL in a GNU long name', 'layer-invalid', () =>
    tar().gnuLong('L', 'a\0../../canary').file('f').end(),
  ),
  byLayers('no name at all', 'layer-unsafe', () => tar().file('', 'x').end()),
  byLayers('a component of 256 bytes', 'layer-unsafe', () => named('x'.repeat(256))),
  byLayers('a path longer than the kernel takes', 'limit-exceeded', () => named(`${'long/'.repeat(1000)}x`)),
  byLayers('a path of a thousand directories', 'limit-exceeded', () => named(`${'d/'.repeat(1000)}x`)),
  byLayers('a name that is no UTF-8', 'harmless', () => tar().file('\xff\xfe\xe9', 'x').end(), {
    holds: (rootfs) => assert.ok(readdirSync(rootfs, 'latin1').includes('\xff\xfe\xe9')),
  }),
  byLayers('a name that commands terminals, in an error', 'layer-unsafe', () =>
    named('\x1b[2J\r\n\x9b/../x'),
  ),
  byLayers(
    'a name that commands terminals, in a file',
    'harmless',
    () => tar().file('\x1b]0;x\x07\n', 'x').end(),
    {
      holds: (rootfs) => assert.ok(readdirSync(rootfs).includes('\x1b]0;x\x07\n')),
    },
  ),
  byLayers(
    'a name in two Unicode forms, first a symlink',
    'harmless',
    () => tar().symlink('caf\xc3\xa9', `${CANARY}/dir`).file('cafe\xcc\x81/file', 'x').end(),
    {
      cve: 'CVE-2021-37712 (node-tar)',
      holds: (rootfs) => assert.ok(lstatSync(Buffer.from(join(rootfs, 'cafe\u0301'))).isDirectory()),
    },
  ),
  byLayers('a name with backslashes', 'harmless', () => tar().file('..\\..\\canary\\secret', 'x').end(), {
    cve: 'CVE-2021-37713 (node-tar)',
    holds: (rootfs) => assert.ok(existsSync(join(rootfs, '..\\..\\canary\\secret'))),
  }),
  byLayers(
    'a root that is a symlink',
    'layer-unsafe',
    () => tar().symlink('.', CANARY).file('secret', 'x').end(),
    {
      cve: 'CVE-2021-29136 (umoci)',
    },
  ),
  byLayers('a root that is a file', 'layer-unsafe', () => tar().file('./.', 'x').end()),
  byLayers('a root that is a device', 'layer-unsafe', () => tar().device('block', './.', 8, 0).end()),
  byLayers('a root that is a hard link', 'layer-unsafe', () =>
    tar().hardlink('./', `${CANARY}/secret`).end(),
  ),
];
