import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { verify } from '../../../../src/deployment/verify/verify.ts';
import { setMtime } from '../../../../src/linux/mtime.ts';
import { removeXattr, setXattr } from '../../../../src/linux/xattr.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { checkStore } from '../../../../src/store/fsck.ts';
import { Installed, WEB } from './installed.ts';

/** Changes one byte of a file, and nothing else that can be seen. */
function rot(path: string): void {
  const { mtimeNs } = lstatSync(path, { bigint: true });
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  setMtime(path, mtimeNs);
}

/** Replaces a file by a copy, so that the object that it was a link to stays as it is. */
function unlink(path: string): void {
  const copy = join(dirname(path), 'copy-of-it');
  const { mtimeNs, uid, gid, mode } = lstatSync(path, { bigint: true });
  copyFileSync(path, copy);
  chownSync(copy, Number(uid), Number(gid));
  chmodSync(copy, Number(mode & 0o7777n));
  setMtime(copy, mtimeNs);
  renameSync(copy, path);
}

interface Damage {
  name: string;
  damage(installed: Installed): void;
  /** Of the lines, in any order. */
  finds: RegExp[];
  /** What stays after a repair. */
  stays?: boolean;
}

const ROOTFS = '/var/lib/berth/deployments/web/0/rootfs';
const OBJECT = '/var/lib/berth/store/objects/../[0-9a-f]{62}';
const inRootfs = (path: string, what: string) => new RegExp(`^${ROOTFS}${path}: ${what}$`);

const DAMAGES: Damage[] = [
  {
    name: 'a file of the checkout that is missing',
    damage: (host) => unlinkSync(host.inside('etc/passwd')),
    finds: [inRootfs('/etc/passwd', 'missing')],
  },
  {
    name: 'a directory of the checkout that is missing',
    damage: (host) => rmSync(host.inside('etc'), { recursive: true }),
    finds: [inRootfs('/etc', 'missing'), inRootfs('', 'changed modification time')],
  },
  {
    name: 'a whole checkout that is missing',
    damage: (host) => rmSync(host.inside(''), { recursive: true }),
    finds: [inRootfs('', 'missing')],
  },
  {
    name: 'a file of the checkout that does not belong there',
    damage: (host) => writeFileSync(host.inside('etc/new'), ''),
    finds: [inRootfs('/etc/new', 'extra')],
  },
  {
    name: 'a flipped bit in a file, which is one in its object',
    damage: (host) => rot(host.inside('etc/passwd')),
    finds: [inRootfs('/etc/passwd', 'changed content'), new RegExp(`^${OBJECT}: changed content$`)],
  },
  {
    name: 'a flipped bit in a file that is no link to its object',
    damage: (host) => {
      unlink(host.inside('etc/passwd'));
      rot(host.inside('etc/passwd'));
    },
    finds: [inRootfs('/etc/passwd', 'changed content')],
  },
  {
    name: 'an owner of a file',
    damage: (host) => {
      unlink(host.inside('etc/motd'));
      chownSync(host.inside('etc/motd'), 0, 0);
    },
    finds: [inRootfs('/etc/motd', 'owner 0:0 instead of 5:0')],
  },
  {
    name: 'a setuid bit on an empty file',
    damage: (host) => chmodSync(host.inside('etc/empty'), 0o4755),
    finds: [inRootfs('/etc/empty', 'mode 4755 instead of 0644')],
  },
  {
    name: 'an empty file that is empty no more',
    damage: (host) => writeFileSync(host.inside('etc/empty'), 'x'),
    finds: [inRootfs('/etc/empty', 'size 1 instead of 0')],
  },
  {
    name: 'a mode of a directory',
    damage: (host) => chmodSync(host.inside('data'), 0o755),
    finds: [inRootfs('/data', 'mode 0755 instead of 1777')],
  },
  {
    name: 'a time of a symlink',
    damage: (host) => setMtime(host.inside('link'), 5n),
    finds: [inRootfs('/link', 'changed modification time')],
  },
  {
    name: 'an owner of a symlink',
    damage: (host) => lchownSync(host.inside('link'), 7, 8),
    finds: [inRootfs('/link', 'owner 7:8 instead of 0:0')],
  },
  {
    name: 'a symlink that leads elsewhere',
    damage: (host) => {
      unlinkSync(host.inside('link'));
      symlinkSync('etc/shadow', host.inside('link'));
    },
    finds: [inRootfs('/link', 'leads elsewhere')],
  },
  {
    name: 'an extended attribute that was removed',
    damage: (host) => {
      unlink(host.inside('attributed'));
      setXattr(host.inside('attributed'), 'user.k', Buffer.from('v'));
      removeXattr(host.inside('attributed'), 'user.k');
    },
    finds: [inRootfs('/attributed', 'changed extended attributes')],
  },
  {
    name: 'an extended attribute that was added to a directory',
    damage: (host) => setXattr(host.inside('etc'), 'user.new', Buffer.from('v')),
    finds: [inRootfs('/etc', 'changed extended attributes')],
  },
  {
    name: 'a file where a directory was',
    damage: (host) => {
      rmSync(host.inside('data'), { recursive: true });
      writeFileSync(host.inside('data'), '');
    },
    finds: [inRootfs('/data', 'is a file instead of a directory')],
  },
  {
    name: 'a directory where a file was',
    damage: (host) => {
      unlinkSync(host.inside('etc/passwd'));
      mkdirSync(host.inside('etc/passwd/deep'), { recursive: true });
    },
    finds: [inRootfs('/etc/passwd', 'is a directory instead of a file')],
  },
  {
    name: 'another device under a name',
    damage: (host) => {
      unlinkSync(host.inside('console'));
      execFileSync('mknod', [host.inside('console'), 'c', '1', '3']);
    },
    finds: [inRootfs('/console', 'device 1:3 instead of 5:1')],
  },
  {
    name: 'a mount point that is missing',
    damage: (host) => unlinkSync(host.inside('etc/hosts')),
    finds: [inRootfs('/etc/hosts', 'missing')],
  },
  {
    name: 'a mount point that somebody filled',
    damage: (host) => {
      writeFileSync(host.inside('etc/hosts'), '127.0.0.1 x\n');
      writeFileSync(host.inside('data/mounted/file'), '');
    },
    finds: [inRootfs('/etc/hosts', 'size 12 instead of 0'), inRootfs('/data/mounted/file', 'extra')],
  },
  {
    name: 'an object that is missing from the store',
    damage: (host) => {
      const { ino } = lstatSync(host.inside('etc/passwd'));
      execFileSync('find', [host.store.objects, '-inum', String(ino), '-delete']);
    },
    finds: [new RegExp(`^${OBJECT}: missing$`)],
  },
  {
    name: 'a config.json that was edited',
    damage: (host) => appendFileSync(join(host.paths.deployment(WEB, 0), 'config.json'), ' '),
    finds: [/web\/0\/config\.json: changed content$/],
  },
  {
    name: 'a config.json that everybody may read',
    damage: (host) => chmodSync(join(host.paths.deployment(WEB, 0), 'config.json'), 0o644),
    finds: [/web\/0\/config\.json: changed mode$/],
  },
  {
    name: 'a file beside the checkout that does not belong there',
    damage: (host) => writeFileSync(join(host.paths.deployment(WEB, 0), 'new'), ''),
    finds: [/web\/0\/new: extra$/],
  },
  {
    name: 'a deployment that others can look into',
    damage: (host) => chmodSync(host.paths.deployment(WEB, 0), 0o755),
    finds: [/web\/0: is open to others$/],
  },
  {
    name: 'a copy of config.json that the store lost',
    damage: (host) => {
      const [blob] = execFileSync('grep', ['-rl', 'hostname', join(host.store.directory, 'blobs')])
        .toString()
        .split('\n');
      rmSync(blob ?? assert.fail());
    },
    finds: [/store\/blobs\/sha256\/[0-9a-f]{64}: missing$/],
  },
  {
    name: 'a current that is missing',
    damage: (host) => unlinkSync(host.paths.current(WEB)),
    finds: [/web\/current: missing$/],
  },
  {
    name: 'a current that leads nowhere',
    damage: (host) => {
      unlinkSync(host.paths.current(WEB));
      symlinkSync('7', host.paths.current(WEB));
    },
    finds: [/web\/current: leads to no deployment$/],
  },
  {
    name: 'a unit that is missing',
    damage: (host) => unlinkSync(host.paths.unit('web.service')),
    finds: [/^\/etc\/systemd\/system\/web\.service: missing$/],
  },
  {
    name: 'host files that are missing with their directory',
    damage: (host) => rmSync(host.paths.locate('/usr/local/share/web'), { recursive: true }),
    finds: [
      /^\/usr\/local\/share\/web: missing$/,
      /^\/usr\/local\/share\/web\/motd: missing$/,
      /^\/usr\/local\/share\/web\/link: missing$/,
    ],
  },
  {
    name: 'a unit that a person edited',
    damage: (host) => appendFileSync(host.paths.unit('web.service'), '# mine\n'),
    finds: [/^\/etc\/systemd\/system\/web\.service: changed$/],
    stays: true,
  },
  {
    name: 'a mode of a host file',
    damage: (host) => chmodSync(host.paths.locate('/usr/local/share/web/motd'), 0o4755),
    finds: [/^\/usr\/local\/share\/web\/motd: mode 4755 instead of 0640$/],
    stays: true,
  },
  {
    name: 'an owner of a host file',
    damage: (host) => chownSync(host.paths.locate('/usr/local/share/web/motd'), 5, 6),
    finds: [/^\/usr\/local\/share\/web\/motd: owner 5:6 instead of 0:0$/],
    stays: true,
  },
  {
    name: 'a capability on a host file',
    damage: (host) => setXattr(host.paths.locate('/usr/local/share/web/motd'), 'user.x', Buffer.from('y')),
    finds: [/^\/usr\/local\/share\/web\/motd: changed extended attributes$/],
    stays: true,
  },
  {
    name: 'a host symlink that leads elsewhere',
    damage: (host) => {
      unlinkSync(host.paths.locate('/usr/local/share/web/link'));
      symlinkSync('/etc/passwd', host.paths.locate('/usr/local/share/web/link'));
    },
    finds: [/^\/usr\/local\/share\/web\/link: changed$/],
    stays: true,
  },
  {
    name: 'a record that is missing',
    damage: (host) => unlinkSync(join(host.paths.deployment(WEB, 0), 'deployment.json')),
    finds: [/web\/0\/deployment\.json: missing$/],
    stays: true,
  },
];

for (const { name, damage, finds, stays } of DAMAGES) {
  test(`${name} is found, and ${stays ? 'left to a person' : 'repaired'}`, async (context) => {
    const host = await Installed.web(context);
    assert.deepEqual(await host.look(), []);
    damage(host);
    const found = await host.look();
    for (const line of finds)
      assert.ok(
        found.some((text) => line.test(text)),
        `${line} in\n${found.join('\n')}`,
      );
    // What is changed in a directory may give it another time, which may be too small to be seen.
    const others = found.filter((text) => !finds.some((line) => line.test(text)));
    assert.deepEqual(
      others.filter((text) => !text.endsWith(': changed modification time')),
      [],
    );
    if (stays && name.includes('record')) return;
    await host.repair();
    assert.deepEqual(await host.look(), stays ? found : []);
    assert.deepEqual(host.warnings, []);
    if (stays) return;
    assert.deepEqual((await checkStore(host.store)).problems, []);
  });
}

test('what intact checkouts have is taken from there, without the registry', async (context) => {
  const host = await Installed.web(context);
  host.registryUp = false;
  const { ino } = lstatSync(host.inside('etc/passwd'));
  execFileSync('find', [host.store.objects, '-inum', String(ino), '-delete']);
  await host.repair();
  assert.deepEqual(await host.look(), []);
  assert.deepEqual(host.warnings, []);
  assert.equal(lstatSync(host.inside('etc/passwd')).nlink, 2);
});

test('a repair that cannot reach the registry says so, and mends all the rest', async (context) => {
  const host = await Installed.web(context);
  host.registryUp = false;
  rot(host.inside('etc/passwd'));
  unlinkSync(host.inside('link'));
  await host.repair();
  assert.deepEqual(host.warnings, ['cannot pull again: docker.example/web:1: the registry is down']);
  const left = await host.look();
  assert.equal(left.length, 2, left.join('\n'));
  assert.ok(left.every((line) => line.endsWith(': changed content')));
});

test('only the damaged layer is fetched again', async (context) => {
  const host = await Installed.web(context);
  rot(host.inside('etc/passwd'));
  await host.repair();
  assert.equal(host.source.fetched.length, 1);
});

test('a running service keeps the file that it has open', async (context) => {
  const host = await Installed.web(context);
  unlink(host.inside('etc/passwd'));
  rot(host.inside('etc/passwd'));
  const descriptor = openSync(host.inside('etc/passwd'), 'r');
  context.after(() => closeSync(descriptor));
  await host.repair();
  const buffer = Buffer.alloc(4);
  readSync(descriptor, buffer);
  assert.equal(buffer.toString(), 'soot');
  assert.equal(readFileSync(host.inside('etc/passwd'), 'utf8').slice(0, 4), 'root');
});

test('by force, a file that a person changed is put back and theirs is kept', async (context) => {
  const host = await Installed.web(context);
  const unit = host.paths.unit('web.service');
  appendFileSync(unit, '# mine\n');
  await host.repair('force');
  assert.deepEqual(await host.look(), []);
  assert.match(readFileSync(`${unit}.berthsave`, 'utf8'), /# mine/);
  assert.deepEqual(host.kept, [
    '/etc/systemd/system/web.service as /etc/systemd/system/web.service.berthsave',
  ]);
  assert.equal(lstatSync(unit).mode & 0o7777, 0o644);
});

test('a deployment that is kept and not live is checked too, its host files are not', async (context) => {
  const host = await Installed.web(context);
  await host.install(WEB, 1);
  assert.deepEqual(await host.look(), []);
  chmodSync(host.inside('data'), 0o700);
  assert.deepEqual(await host.look(), [`${ROOTFS}/data: mode 0700 instead of 1777`]);
});

test('services that share a damaged object are each told of', async (context) => {
  const host = await Installed.web(context);
  const other = parseServiceName('other');
  await host.install(other, 0);
  rot(host.inside('etc/passwd'));
  const found = await host.look('none', [WEB, other]);
  assert.deepEqual(found.map((line) => line.replace(/.*(web|other|objects).*: /, '$1 ')).sort(), [
    'objects changed content',
    'other changed content',
    'web changed content',
  ]);
});

test('a record that names other layers than its image has is found', async (context) => {
  const host = await Installed.web(context);
  const file = join(host.paths.deployment(WEB, 0), 'deployment.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  record.image.diffIds.pop();
  writeFileSync(file, JSON.stringify(record));
  assert.ok(
    (await host.look()).includes(
      '/var/lib/berth/deployments/web/0/deployment.json: names other layers than its image has',
    ),
  );
});

test('a damaged record of a layer is told, and leaves the checkout alone', async (context) => {
  const host = await Installed.web(context);
  const layers = execFileSync('ls', [host.store.layers]).toString().trim().split('\n');
  rmSync(join(host.store.layers, layers[0] ?? ''));
  const found = await host.look('missing');
  assert.ok(found.some((line) => /rootfs: cannot be compared: its layers are damaged$/.test(line)));
  assert.ok(existsSync(host.inside('etc/passwd')));
  await host.repair();
  assert.deepEqual(await host.look(), []);
});

test('a name with control characters does not hide what is told of it', async (context) => {
  const host = await Installed.web(context);
  writeFileSync(host.inside('etc/\u001b[2Jx'), '');
  utimesSync(host.inside('etc'), 1_600_000_000, 1_600_000_000);
  assert.deepEqual(await host.look(), [`${ROOTFS}/etc/\u001b[2Jx: extra`]);
});

test('a file whose name has no room for another letter is mended too', async (context) => {
  const host = await Installed.web(context);
  const name = 'n'.repeat(255);
  const { OTHER, directory } = await host.installOther([name, 'mmmmmmmm', 'mmmmmmmm.berth-new']);
  for (const file of [name, 'mmmmmmmm']) {
    unlink(join(directory, 'rootfs', file));
    rot(join(directory, 'rootfs', file));
  }
  const found = await host.look('missing', [OTHER]);
  assert.equal(found.filter((line) => line.endsWith(': changed content')).length, 2, found.join('\n'));
  assert.deepEqual(await host.look('none', [OTHER]), []);
});

test('a check of much ends soon when it is interrupted', async (context) => {
  const { paths, store } = await Installed.web(context);
  const signal = AbortSignal.abort();
  const options = { paths, store, signal, mending: 'none', kept: () => {} } as const;
  await assert.rejects(verify([WEB], [], options), { code: 'interrupted' });
  await assert.rejects(checkStore(store, signal), { code: 'interrupted' });
});
