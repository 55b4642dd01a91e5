import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { HostFile } from '../../../../src/deployment/exports/host-files.ts';
import { stageFiles } from '../../../../src/deployment/plan/stage-files.ts';
import { setXattr } from '../../../../src/linux/xattr.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';
import { VendorRoot } from '../vendor-root.ts';

test('a file for the host is staged with the extended attributes that it will have', (context) => {
  const directory = scratch(context);
  const hostFiles = ['plain', 'marked'].map((name): HostFile => {
    const source = join(directory, name);
    writeFileSync(source, name);
    return { type: 'file', target: `/${name}`, source, uid: 0, gid: 0, mode: 0o644 };
  });
  setXattr(join(directory, 'marked'), Buffer.from('user.berth'), Buffer.from('yes'));
  const rendered = { hostFiles, hostFileTexts: new Map() } as unknown as Parameters<typeof stageFiles>[1];
  const files = stageFiles(parseServiceName('web'), rendered, directory, new Paths(scratch(context)));
  assert.deepEqual(
    files.map((file) => (file.type === 'file' ? [file.path, file.xattrs] : file.path)),
    [
      ['/plain', undefined],
      ['/marked', [['user.berth', 'yes']]],
    ],
  );
});

/** The files that a unit, a tmpfiles.d file and a preset are staged as. */
function staged(context: TestContext, name: string, paths: Paths, preset?: string) {
  const [unit, tmpfiles] = ['[Service]\nExecStart=/bin/true\n', 'd /var/lib/web\n'];
  const rendered = { service: unit, tmpfiles, preset, hostFiles: [], hostFileTexts: new Map() };
  const texts = rendered as unknown as Parameters<typeof stageFiles>[1];
  return stageFiles(parseServiceName(name), texts, scratch(context), paths).flatMap((file) =>
    file.type === 'directory' ? [] : file.type === 'symlink' ? `${file.path} -> ${file.target}` : file.path,
  );
}

test('what is part of an operating system goes below /usr, and a preset finds each instance', (context) => {
  const paths = new Paths(scratch(context), { side: 'vendor' });
  assert.deepEqual(staged(context, 'web@a', paths, 'enable web@a.service\n'), [
    '/usr/lib/systemd/system/web@.service',
    '/usr/lib/tmpfiles.d/web@a.conf',
    '/usr/lib/systemd/system-preset/80-berth-web@a.preset',
    '/usr/lib/systemd/system/web@a.service -> web@.service',
  ]);
});

test('a deployment that hides the vendor’s masks what it has not itself, but no instance', (context) => {
  const root = new VendorRoot(context);
  root.install(root.vendor, 0, {
    '/usr/lib/systemd/system/web.service': '',
    '/usr/lib/systemd/system/web.socket': '',
    '/usr/lib/sysusers.d/web.conf': '',
    '/usr/lib/systemd/system-preset/80-berth-web.preset': '',
    '/etc/web.conf': '',
  });
  assert.deepEqual(staged(context, 'web', root.paths), [
    '/etc/systemd/system/web.service',
    '/etc/tmpfiles.d/web.conf',
    '/etc/systemd/system/web.socket -> /dev/null',
    '/etc/sysusers.d/web.conf -> /dev/null',
  ]);
});
