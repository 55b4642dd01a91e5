import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { addHostMounts, type HostMount } from '../../../src/runtime/host-mounts.ts';
import type { Mount } from '../../../src/runtime/oci-config.ts';
import { scratch } from '../layer/scratch.ts';

const VOLUME: Mount = { destination: '/data', type: 'bind', source: '/var/lib/web/data' };
const DEEPER: Mount = { destination: '/srv/www/upload/', type: 'bind', source: '/var/lib/web/upload' };

/** Adds mounts on a host that has /srv, /etc and a symlink to /srv; says what is mounted where, in which order. */
function mounted(context: TestContext, ...mounts: HostMount[]): string[] {
  const root = scratch(context);
  for (const directory of ['srv/www', 'etc', 'var/lib/berth']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  symlinkSync('/srv', join(root, 'link'));
  const config = {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: { args: ['/bin/true'], cwd: '/' },
    mounts: [VOLUME, DEEPER],
  };
  const { mounts: all = [] } = addHostMounts(config, mounts, new Paths(root));
  return all.map(({ source, destination, options = [] }) => `${source} ${destination} ${options.join()}`);
}

const own = (source: string, destination: string, readOnly = false) => ({ source, destination, readOnly });

test('a mount is writable for the service unless it is to be read only', (context) => {
  const all = mounted(context, own('/srv', '/a'), own('/link/www', '/b', true));
  assert.deepEqual(all.slice(2), ['/srv /a rbind,rw,rprivate', '/link/www /b rbind,ro,rprivate']);
});

test('a mount takes the place of a volume of the image', (context) => {
  assert.deepEqual(mounted(context, own('/srv', '/data/')), [
    '/var/lib/web/upload /srv/www/upload/ ',
    '/srv /data/ rbind,rw,rprivate',
  ]);
});

test('a mount does not hide a volume below it', (context) => {
  assert.deepEqual(mounted(context, own('/etc', '/srv/www')), [
    '/var/lib/web/data /data ',
    '/etc /srv/www rbind,rw,rprivate',
    '/var/lib/web/upload /srv/www/upload/ ',
  ]);
});

const REFUSED: [string, HostMount, RegExp][] = [
  ['a source that is not there', own('/srv/none', '/a'), /\/srv\/none, which \/a is to show, is not there/],
  ['what belongs to berth', own('/var/lib/berth', '/a'), /belongs to berth/],
  ['a place of the kernel', own('/srv', '/proc/self'), /nothing may be mounted at \/proc\/self/],
  ['the place of all files', own('/srv', '/'), /hide the image/],
  ['a relative source', own('srv', '/a'), /absolute path/],
];

for (const [what, mount, message] of REFUSED) {
  test(`${what} is refused`, (context) => {
    assert.throws(() => mounted(context, mount), { code: 'runtime-config-invalid', message });
  });
}
