import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApplyOptions } from '../../../../src/deployment/apply/apply.ts';
import type { Plan, Step } from '../../../../src/deployment/plan/plan.ts';
import type { InstalledFile } from '../../../../src/deployment/record.ts';
import type { Digest } from '../../../../src/image/digest.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { createStore } from '../../../../src/store/store.ts';
import { OfflineSystemd } from '../../../../src/systemd/offline-systemd.ts';

const WEB = parseServiceName('web');
const UNIT = '[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n';
const TMPFILES = 'd /var/lib/web 0700 root root -\n';

/** A root file system with nothing but two directories, removed after the test. */
export function makeRoot(test: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'berth-apply-'));
  test.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  mkdirSync(join(root, 'etc/tmpfiles.d'));
  createStore(new Paths(root).store);
  return root;
}

/** To change that root: with the real systemctl and systemd-tmpfiles, which work on its files. */
export function optionsFor(root: string): ApplyOptions & { warnings: string[] } {
  const paths = new Paths(root);
  const warnings: string[] = [];
  return {
    paths,
    store: createStore(paths.store),
    systemd: new OfflineSystemd(paths),
    signal: new AbortController().signal,
    onStep: () => {},
    warnings,
    warn: (text) => warnings.push(text),
  };
}

/** A service as an image may bring one, staged and ready to be put in place: a step of every kind. */
export function planWeb(root: string): Plan {
  const paths = new Paths(root);
  const staged = join(paths.store, 'staging/boot/1-abc/web');
  write(join(staged, 'web.service'), UNIT);
  write(join(staged, 'tmpfiles.conf'), TMPFILES);
  write(join(staged, 'rootfs/exports/hostfs/usr/local/bin/webctl'), '#!/bin/sh\n');
  const deployment = paths.deployment(WEB, 0);
  const file = (path: string, source: string, mode = 0o644): Step => {
    const content = hash(readFileSync(join(staged, source)));
    return { kind: 'file', path, source: join(deployment, source), mode, uid: 0, gid: 0, content };
  };
  const directory = (path: string): Step => ({ kind: 'directory', path, mode: 0o755, uid: 0, gid: 0 });
  return {
    title: 'install web',
    interrupted: 'undo',
    steps: [
      { kind: 'reload', on: 'undo' },
      { kind: 'deployment', service: WEB, number: 0, staged },
      { kind: 'current', service: WEB, number: 0, previous: null },
      { kind: 'tag', image: { ...IMAGE, name: 'registry.example/web:1' }, previous: null },
      file('/etc/systemd/system/web.service', 'web.service'),
      file('/etc/tmpfiles.d/web.conf', 'tmpfiles.conf'),
      ...['/usr', '/usr/local', '/usr/local/bin'].map(directory),
      file('/usr/local/bin/webctl', 'rootfs/exports/hostfs/usr/local/bin/webctl', 0o755),
      { kind: 'symlink', path: '/usr/local/bin/wctl', target: 'webctl' },
      { kind: 'tmpfiles', path: '/etc/tmpfiles.d/web.conf', absent: ['/var/lib/web'] },
      { kind: 'enable', units: ['web.service'] },
      { kind: 'reload', on: 'run' },
    ],
  };
}

/** What takes it away again. */
export function planWebAway(): Plan {
  const files: InstalledFile[] = [
    { path: '/usr/local/bin/wctl', type: 'symlink', content: 'webctl' },
    { path: '/usr/local/bin/webctl', type: 'file', content: hash('#!/bin/sh\n') },
    { path: '/etc/tmpfiles.d/web.conf', type: 'file', content: hash(TMPFILES) },
    { path: '/etc/systemd/system/web.service', type: 'file', content: hash(UNIT) },
  ];
  return {
    title: 'uninstall web',
    interrupted: 'redo',
    steps: [
      { kind: 'reload', on: 'undo' },
      { kind: 'disable', units: ['web.service'], enabled: ['web.service'] },
      { kind: 'tmpfiles-remove', path: '/etc/tmpfiles.d/web.conf' },
      ...files.map((file): Step => ({ kind: 'remove', file })),
      ...['/usr/local/bin', '/usr/local', '/usr'].map((path): Step => ({ kind: 'remove-directory', path })),
      { kind: 'reload', on: 'run' },
      { kind: 'retire', service: WEB },
    ],
  };
}

/** Every file below a root, with mode and content; without the places where berth itself works. */
export function look(root: string): string[] {
  const lines: string[] = [];
  const walk = (directory: string) => {
    for (const name of readdirSync(directory).sort()) {
      const path = join(directory, name);
      const stat = lstatSync(path);
      const mode = (stat.mode & 0o7777).toString(8);
      const shown = path.slice(root.length);
      if (stat.isDirectory()) {
        if (!OWN.has(shown)) lines.push(`${shown}/ ${mode}`);
        walk(path);
      } else if (stat.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path)}`);
      else if (!shown.endsWith('images.json'))
        lines.push(`${shown} ${mode} ${hash(readFileSync(path)).slice(0, 8)}`);
    }
  };
  walk(root);
  return lines;
}

/** What `look` leaves out: directories that berth or systemctl makes once and keeps, empty. */
const OWN = new Set([
  ...['/var', '/var/lib', '/etc/systemd/system/multi-user.target.wants'],
  ...[
    '/journal',
    '/deployments',
    '/store',
    '/store/staging',
    '/store/objects',
    '/store/layers',
    '/store/blobs',
  ]
    .concat('', '/store/staging/boot', '/store/staging/boot/1-abc')
    .map((path) => `/var/lib/berth${path}`),
]);

const IMAGE = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'1'.repeat(64)}` as Digest,
  size: 2,
};

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
