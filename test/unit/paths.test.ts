import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Paths } from '../../src/paths.ts';
import { parseServiceName } from '../../src/service-name.ts';

/** A system below a directory of its own, with these symlinks. */
function systemWith(links: Record<string, string>): Paths & Disposable {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'berth-paths-')));
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  return Object.assign(new Paths(root), { [Symbol.dispose]: () => rmSync(root, { recursive: true }) });
}

const web = parseServiceName('web');

test('an absolute symlink on the way leads to a place below the root', () => {
  using paths = systemWith({ 'var/lib': '/state', 'etc/systemd': '/usr/share/systemd' });
  const { root } = paths;
  assert.equal(paths.deployment(web, 0), join(root, 'state/berth/deployments/web/0'));
  assert.equal(paths.unit('web.service'), join(root, 'usr/share/systemd/system/web.service'));
});

test('a relative symlink does not climb out of the root', () => {
  using paths = systemWith({ 'etc/tmpfiles.d': '../../../../../../../tmp' });
  assert.equal(paths.tmpfiles(web), join(paths.root, 'tmp/web.conf'));
});

test('berth’s own directories may be elsewhere, one by one', () => {
  using paths = systemWith({
    'var/lib/berth/store': '/srv/store',
    'var/lib/berth/deployments/web': '/srv/web',
  });
  assert.equal(paths.store, join(paths.root, 'srv/store'));
  assert.equal(paths.current(web), join(paths.root, 'srv/web/current'));
  assert.equal(paths.deployment(web, 0), join(paths.root, 'srv/web/0'));
});

test('what stands at a path is not followed, what it leads to is', () => {
  using paths = systemWith({ 'etc/motd': '/run/motd' });
  assert.equal(paths.locate('/etc/motd'), join(paths.root, 'etc/motd'));
  assert.equal(paths.follow('/etc/motd'), join(paths.root, 'run/motd'));
});

test('what is missing, or behind a file, is named as it is', () => {
  using paths = systemWith({});
  writeFileSync(join(paths.root, 'file'), '');
  assert.equal(paths.follow('/no/such/file'), join(paths.root, 'no/such/file'));
  assert.equal(paths.follow('/file/x/y'), join(paths.root, 'file/x/y'));
});

test('a loop of symlinks is an error, not a place outside', () => {
  using paths = systemWith({ etc: '/loop', loop: '/etc' });
  assert.throws(() => paths.units, { code: 'ELOOP' });
});

test('the installed system names its places without the root', () => {
  using paths = systemWith({ 'var/lib': '/state' });
  assert.equal(paths.installed.current(web), '/var/lib/berth/deployments/web/current');
  assert.equal(new Paths().installed.unit('web.service'), '/etc/systemd/system/web.service');
});

test('symlinks of the running system are the kernel’s to follow', () => {
  assert.equal(new Paths().follow('/proc/self/exe'), '/proc/self/exe');
  assert.equal(new Paths().locate('/proc/self/exe'), '/proc/self/exe');
});
