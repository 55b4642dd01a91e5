// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how variables of this dialect are written
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ImageExports } from '../../../../src/deployment/exports/exports.ts';
import { type HostFile, listHostFiles } from '../../../../src/deployment/exports/host-files.ts';
import { setXattr } from '../../../../src/linux/xattr.ts';
import { makeExports } from '../rootfs.ts';

const values = new Map([
  ['NAME', 'web'],
  ['CONF_DIRECTORY', '/etc'],
  ['UP', '..'],
  ['EMPTY', ''],
]);

function exportsWith(test: TestContext, paths: string[], manifest: object = {}): ImageExports {
  const files = Object.fromEntries(paths.map((path) => [`hostfs${path}`, path]));
  return makeExports(test, { ...files, 'manifest.json': JSON.stringify(manifest) });
}

/** Makes something in hostfs that is no plain file. */
function inHostfs(exports: ImageExports, path: string, make: (located: string) => void): ImageExports {
  const located = join(exports.rootfs, 'exports/hostfs', path);
  mkdirSync(dirname(located), { recursive: true });
  make(located);
  return exports;
}

const plainFiles = (files: HostFile[]) =>
  files.filter((file) => file.type !== 'directory').map(({ target }) => target);

describe('host files', () => {
  it('are none without hostfs', (test) => {
    assert.deepEqual(listHostFiles(makeExports(test, { 'manifest.json': '{}' }), values), []);
  });

  it('carry source, owner and mode, parents first', (test) => {
    const exports = exportsWith(test, ['/usr/local/bin/etcdctl']);
    inHostfs(exports, '/etc/web/empty', (path) => mkdirSync(path, { mode: 0o750 }));
    inHostfs(exports, '/usr/local/bin/ctl', (path) => symlinkSync('etcdctl', path));
    const source = join(exports.rootfs, 'exports/hostfs/usr/local/bin/etcdctl');
    chmodSync(source, 0o751);
    chownSync(source, 0, 8);
    const files = listHostFiles(exports, values);
    assert.deepEqual(
      files.map(({ target }) => target),
      [
        '/etc',
        '/etc/web',
        '/etc/web/empty',
        '/usr/local',
        '/usr/local/bin',
        '/usr/local/bin/ctl',
        '/usr/local/bin/etcdctl',
      ],
    );
    assert.deepEqual(files.at(-1), {
      target: '/usr/local/bin/etcdctl',
      uid: 0,
      gid: 8,
      type: 'file',
      source,
      mode: 0o751,
    });
    assert.deepEqual(files.at(-2), {
      target: '/usr/local/bin/ctl',
      uid: 0,
      gid: 0,
      type: 'symlink',
      linksTo: 'etcdctl',
    });
    const empty = files.find(({ target }) => target === '/etc/web/empty');
    assert.ok(empty?.type === 'directory' && empty.empty && empty.mode === 0o750);
  });

  it('are renamed, a directory with all in it, and again what was renamed', (test) => {
    const exports = exportsWith(test, ['/etc/etcd/etcd.conf', '/etc/etcd/other', '/usr/local/bin/etcdctl'], {
      renameFiles: {
        '/etc/etcd': '$CONF_DIRECTORY/$NAME',
        '/etc/web/other': '/etc/web/another',
        '/usr/local/bin/etcdctl': '/usr/local/bin/${NAME}ctl',
        '/not/there': '/etc/shadow',
      },
    });
    assert.deepEqual(plainFiles(listHostFiles(exports, values)), [
      '/etc/web/another',
      '/etc/web/etcd.conf',
      '/usr/local/bin/webctl',
    ]);
  });

  it('are templates by their name before or after renaming', (test) => {
    const templates = (name: string) =>
      listHostFiles(
        exportsWith(test, ['/etc/a.conf', '/etc/c.conf'], {
          renameFiles: { '/etc/a.conf': '/etc/b.conf' },
          installedFilesTemplate: [name],
        }),
        values,
      ).flatMap((file) =>
        file.type === 'file' && file.template
          ? [`${file.target} ${file.template.file} ${file.template.text}`]
          : [],
      );
    assert.deepEqual(templates('/etc/a.conf'), ['/etc/b.conf hostfs/etc/a.conf /etc/a.conf']);
    assert.deepEqual(templates('/etc/b.conf'), ['/etc/b.conf hostfs/etc/a.conf /etc/a.conf']);
    assert.deepEqual(templates('/etc/x.conf'), []);
  });

  it('need a value for each variable of a rename', (test) => {
    const exports = exportsWith(test, ['/etc/a'], {
      renameFiles: { '/etc/a': '/etc/$A', '/etc/b': '/etc/$B' },
    });
    assert.throws(() => listHostFiles(exports, values), {
      code: 'value-missing',
      message: /A \(renameFiles\), B/,
    });
  });

  for (const place of [
    '/etc/passwd',
    '/etc/shadow-',
    '/etc/sudoers.d/x',
    '/etc/systemd/system/x.service',
    '/etc/cron.d/x',
    '/etc/crontab',
    '/etc/ld.so.preload',
    '/etc/pam.d/x',
    '/etc/profile.d/x.sh',
    '/etc/ssh/sshd_config.d/x',
    '/etc/udev/rules.d/x',
    '/etc/berth/berth.yaml',
    '/usr/lib/systemd/system/x.service',
    '/usr/local/lib/systemd/system/x.service',
    '/usr/lib/tmpfiles.d/x.conf',
    '/usr/lib/berth/x',
    '/var/lib/berth/store/x',
    '/proc/x',
    '/root/.ssh/authorized_keys',
    '/boot/x',
    '/x',
    '/bin/x',
    '/usr/x',
  ]) {
    it(`may not be ${place}, nor be renamed to it`, (test) => {
      const code = { code: 'exports-invalid', message: /may not put anything there/ };
      assert.throws(() => listHostFiles(exportsWith(test, [place]), values), code);
      assert.throws(
        () => listHostFiles(exportsWith(test, ['/etc/a'], { renameFiles: { '/etc/a': place } }), values),
        code,
      );
    });
  }

  it('may be where the person allows it', (test) => {
    const exports = exportsWith(test, ['/etc/profile.d/x.sh']);
    assert.deepEqual(plainFiles(listHostFiles(exports, values, ['/etc/profile.d'])), ['/etc/profile.d/x.sh']);
    assert.throws(() => listHostFiles(exports, values, ['/etc/prof']), { code: 'exports-invalid' });
  });

  for (const target of [
    '/etc/$UP/root/x',
    '/etc/./x',
    '/etc//x',
    'etc/x',
    '',
    '/etc/$EMPTY',
    '/',
    `/etc/${'x'.repeat(300)}`,
  ]) {
    it(`may not be renamed to ${JSON.stringify(target.slice(0, 30))}`, (test) => {
      const exports = exportsWith(test, ['/etc/a'], { renameFiles: { '/etc/a': target } });
      assert.throws(() => listHostFiles(exports, values), { code: 'exports-invalid' });
    });
  }

  const hostile: [string, string, (path: string) => void][] = [
    ['a fifo', '/etc/x', (path) => execFileSync('mkfifo', [path])],
    ['a device', '/etc/x', (path) => execFileSync('mknod', [path, 'c', '1', '3'])],
    [
      'a setuid file',
      '/usr/bin/x',
      (path) => {
        writeFileSync(path, '');
        chmodSync(path, 0o4755);
      },
    ],
    [
      'a setgid file',
      '/usr/bin/x',
      (path) => {
        writeFileSync(path, '');
        chmodSync(path, 0o2755);
      },
    ],
    [
      'a file with capabilities',
      '/usr/bin/x',
      (path) => {
        writeFileSync(path, '');
        // struct vfs_cap_data, revision 2: CAP_NET_RAW, effective.
        setXattr(path, 'security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex'));
      },
    ],
    ['a symlink to the shadow file', '/etc/x', (path) => symlinkSync('/etc/shadow', path)],
    ['a symlink that climbs', '/etc/x', (path) => symlinkSync('../../root', path)],
    [
      'a symlink to /etc, through which a tmpfiles.d line could lead',
      '/opt/x',
      (path) => symlinkSync('/etc', path),
    ],
    [
      'a program of another user',
      '/usr/local/bin/x',
      (path) => {
        writeFileSync(path, '');
        chownSync(path, 1000, 0);
      },
    ],
    [
      'a program that a group can change',
      '/usr/local/bin/x',
      (path) => {
        writeFileSync(path, '');
        chownSync(path, 0, 50);
        chmodSync(path, 0o775);
      },
    ],
    [
      'a file that all can change',
      '/etc/x',
      (path) => {
        writeFileSync(path, '');
        chmodSync(path, 0o666);
      },
    ],
    [
      'a directory in which all can change',
      '/srv/x',
      (path) => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    ],
    ['a symlink to all', '/opt/x', (path) => symlinkSync('/', path)],
    ['a name with an escape sequence', '/etc/a\u001b[31m', (path) => writeFileSync(path, '')],
    ['a name with a line break', '/etc/a\nb', (path) => writeFileSync(path, '')],
  ];
  for (const [what, path, make] of hostile) {
    it(`may not be ${what}`, (test) => {
      const exports = inHostfs(exportsWith(test, []), path, make);
      assert.throws(() => listHostFiles(exports, values), { code: 'exports-invalid' });
    });
  }

  it('may not have a name that is not UTF-8', (test) => {
    const exports = exportsWith(test, ['/etc/a']);
    writeFileSync(
      Buffer.concat([Buffer.from(join(exports.rootfs, 'exports/hostfs/etc/')), Buffer.from([0xff])]),
      '',
    );
    assert.throws(() => listHostFiles(exports, values), { code: 'exports-invalid', message: /UTF-8/ });
  });

  it('may not lie below a symlink of the image’s own, nor twice in one place', (test) => {
    const below = exportsWith(test, ['/etc/web/x'], { renameFiles: { '/etc/web/x': '/opt/link/x' } });
    inHostfs(below, '/opt/link', (path) => symlinkSync('/etc/web', path));
    assert.throws(() => listHostFiles(below, values), {
      code: 'exports-invalid',
      message: /\/opt\/link is no directory/,
    });

    const twice = exportsWith(test, ['/etc/a', '/etc/b'], { renameFiles: { '/etc/a': '/etc/b' } });
    assert.throws(() => listHostFiles(twice, values), { code: 'exports-invalid', message: /twice/ });
  });

  it('are not looked for behind a symlink', (test) => {
    const exports = makeExports(test, { 'manifest.json': '{}' });
    symlinkSync('/etc', join(exports.rootfs, 'exports/hostfs'));
    assert.throws(() => listHostFiles(exports, values), { code: 'exports-invalid' });
  });

  it('may not be deeper than 40 directories', (test) => {
    assert.throws(() => listHostFiles(exportsWith(test, [`/opt${'/d'.repeat(45)}`]), values), {
      code: 'exports-invalid',
      message: /deep/,
    });
  });
});
