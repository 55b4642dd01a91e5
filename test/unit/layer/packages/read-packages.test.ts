import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { comparePackages } from '../../../../src/layer/packages/compare-packages.ts';
import type { Package } from '../../../../src/layer/packages/package.ts';
import { readPackages } from '../../../../src/layer/packages/read-packages.ts';
import { contentOf } from '../images.ts';
import { scratchStore } from '../scratch.ts';
import { TarBuilder } from '../tar-builder.ts';
import { rpmDatabase, rpmHeader } from './rpm.ts';

const STATUS = `Package: libc6
Status: install ok installed
Installed-Size: 12
Architecture: amd64
Version: 2.36-9+deb12u7
Description: GNU C Library
 Package: not-this
 .
 More.

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: last
Status: hold ok installed
Architecture: all
Version: 1:0.1`;

const names = (packages: readonly Package[]) =>
  packages.map(({ manager, name, version, size }) => `${manager} ${name} ${version} ${size}`);

describe('the packages of an image', () => {
  it('are those of dpkg, of files of distroless images, of apk and of rpm', async (test) => {
    const { store, directory } = scratchStore(test);
    const rpm = rpmDatabase(directory, [rpmHeader({ 1000: 'bash', 1001: '5', 1002: '1', 1022: 'noarch' })]);
    const content = await contentOf(
      store,
      new TarBuilder()
        .file('var/lib/dpkg/status', STATUS)
        .file('var/lib/dpkg/status.d/tzdata', 'Package: tzdata\nVersion: 2024a\nArchitecture: all\n')
        .file('var/lib/dpkg/status.d/tzdata.md5sums', 'abc  usr/x\n')
        .file('lib/apk/db/installed', 'C:Q1=\nP:musl\nV:1.2.5-r0\nA:x86_64\nI:622592\nF:lib\nR:ld\n\n')
        .file('usr/lib/sysimage/rpm/rpmdb.sqlite', rpm)
        .file('usr/lib/sysimage/rpm/rpmdb.sqlite-wal', ''),
    );
    const { packages, unread } = readPackages(content);
    assert.deepEqual(names(packages), [
      'dpkg libc6 2.36-9+deb12u7 12288',
      'dpkg last 1:0.1 null',
      'apk musl 1.2.5-r0 622592',
      'rpm bash 5-1 null',
      'dpkg tzdata 2024a null',
    ]);
    assert.deepEqual(unread, []);
  });
  it('are not known where a database is hostile, damaged or of another kind', async (test) => {
    const { store } = scratchStore(test);
    const cases: [string, string, RegExp][] = [
      ['var/lib/dpkg/status', 'Package: a\nVersion: \x1b[31m1\nArchitecture: all\n', /no valid version/],
      ['var/lib/dpkg/status', `Package: ${'a'.repeat(300)}\nVersion: 1\n`, /no valid name/],
      ['var/lib/dpkg/status', 'Package: a\nVersion: 1\n\n'.replace('a', 'a b'), /no valid name/],
      ['lib/apk/db/installed', 'P:a\nV:1\nA:x\n\n'.repeat(100_001), /more than 100000 packages/],
      ['var/lib/rpm/Packages', 'x', /Berkeley DB/],
      ['var/lib/rpm/rpmdb.sqlite-wal', 'x', /changes/],
      ['var/lib/rpm/rpmdb.sqlite', 'x'.repeat(1000), /no SQLite database/],
      ['var/lib/rpm/rpmdb.sqlite', 'SQLite format 3\0', /outside buffer bounds|range/],
    ];
    for (const [path, text, why] of cases) {
      const { packages, unread } = readPackages(await contentOf(store, new TarBuilder().file(path, text)));
      assert.deepEqual(packages, []);
      assert.match(unread.join(), why);
    }
  });
  it('are not known where databases are too large, each or all together', async (test) => {
    const { store } = scratchStore(test);
    const large = Buffer.alloc((32 << 20) + 1);
    const tar = new TarBuilder().file('var/lib/dpkg/status', large);
    assert.match(readPackages(await contentOf(store, tar)).unread.join(), /it is larger than 32 MiB/);
    const names = new TarBuilder().file('var/lib/dpkg/status.d/0', large.subarray(0, 32 << 20));
    for (let name = 1; name < 18; name += 1) {
      names.hardlink(`var/lib/dpkg/status.d/${name}`, 'var/lib/dpkg/status.d/0');
    }
    const { unread } = readPackages(await contentOf(store, names));
    assert.deepEqual(unread, [
      '/var/lib/dpkg/status.d/16: all are larger than 512 MiB',
      '/var/lib/dpkg/status.d/17: all are larger than 512 MiB',
    ]);
  });
  it('are no more in several files than in one', async (test) => {
    const { store } = scratchStore(test);
    const packages = 'Package: a\nVersion: 1\nArchitecture: x\n\n'.repeat(60_000);
    const tar = new TarBuilder()
      .file('var/lib/dpkg/status.d/a', packages)
      .file('var/lib/dpkg/status.d/b', packages)
      .file('var/lib/dpkg/status.d/evil\nError: x', 'Package: a');
    const found = readPackages(await contentOf(store, tar));
    assert.equal(found.packages.length, 60_000);
    assert.deepEqual(found.unread, ['/var/lib/dpkg/status.d/b: more than 100000 packages']);
  });
  it('of symlinks are nobody’s', async (test) => {
    const { store } = scratchStore(test);
    const tar = new TarBuilder().symlink('var/lib/dpkg/status', '/etc/passwd');
    assert.deepEqual(readPackages(await contentOf(store, tar)), { packages: [], unread: [] });
  });
});

describe('packages that are compared', () => {
  const one = (name: string, version: string, size: number | null = 1): Package => ({
    manager: 'rpm',
    name,
    version,
    architecture: 'noarch',
    size,
  });
  it('are added, removed, or in other versions; several versions of one count together', () => {
    const before = [
      one('same', '1'),
      one('old', '1', 5),
      one('up', '1', null),
      one('kernel', '1'),
      one('kernel', '2'),
    ];
    const after = [
      one('new', '1', 7),
      one('up', '2', 3),
      one('same', '1'),
      one('kernel', '3'),
      one('kernel', '2'),
    ];
    assert.deepEqual(
      comparePackages(before, after).map(({ name, change, versions, sizes }) => [
        name,
        change,
        versions,
        sizes,
      ]),
      [
        ['kernel', 'changed', ['1, 2', '2, 3'], [2, 2]],
        ['new', 'added', [null, '1'], [0, 7]],
        ['old', 'removed', ['1', null], [5, 0]],
        ['up', 'changed', ['1', '2'], [0, 3]],
      ],
    );
  });
});
