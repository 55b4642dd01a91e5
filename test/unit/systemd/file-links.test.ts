import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { readFileLinks } from '../../../src/systemd/file-links.ts';
import { UnitFiles } from '../../../src/systemd/unit-files.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-links-'));
});
after(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** Such as "a.service After b.service", sorted. */
function linesOf(unit: string, enabled = false, added?: Map<string, string>): string[] {
  const { links } = readFileLinks(new UnitFiles(new Paths(root), added), unit, enabled);
  return links.map(({ from, kind, to }) => `${from} ${kind} ${to}`).sort();
}

test('a unit’s file, its drop-ins and its directories of links make its dependencies', () => {
  write(
    'etc/systemd/system/a.service',
    '[Unit]\nAfter=b.service c.service %n\n# no=1\nnonsense\nAfter=\nBefore=d.target\nBindsTo=%p-x.service nonsense\n' +
      '[Install]\nWantedBy=multi-user.target\nRequiredBy=docker.service\n',
  );
  write('usr/lib/systemd/system/a.service.d/10-x.conf', '[Unit]\nRequires=e.service\n');
  write('etc/systemd/system/a.service.d/10-x.conf', '[Unit]\nRequires=f.service\n');
  link('/x', 'etc/systemd/system/a.service.requires/g.service');
  const plain = [
    'a.service After b.service',
    'a.service After c.service',
    'a.service BindsTo a-x.service',
    'a.service Requires f.service',
    'a.service Requires g.service',
    'd.target After a.service',
  ];
  assert.deepEqual(linesOf('a.service'), plain);
  assert.deepEqual(linesOf('a.service', true), [
    ...plain,
    'docker.service Requires a.service',
    'multi-user.target Wants a.service',
  ]);
});

test('a socket goes before the service that it starts, unless it starts one for each connection', () => {
  write('etc/systemd/system/own.socket', '[Socket]\nListenStream=1\n');
  write('etc/systemd/system/other.socket', '[Socket]\nService=web.service\nAccept=no\n');
  write('etc/systemd/system/each.socket', '[Socket]\nAccept=yes\n');
  assert.deepEqual(linesOf('own.socket'), ['own.service After own.socket']);
  assert.deepEqual(linesOf('other.socket'), ['web.service After other.socket']);
  assert.deepEqual(linesOf('each.socket'), []);
});

test('files that a change would add lie over those on disk', () => {
  const added = new Map([
    ['/etc/systemd/system/new.service', write('staging/new.service', '[Unit]\nAfter=b.service\n')],
    ['/etc/systemd/system/new.service.d/50-berth.conf', write('staging/50', '[Unit]\nAfter=c.service\n')],
  ]);
  write('etc/systemd/system/new.service.d/admin.conf', '[Unit]\nAfter=d.service\n');
  assert.deepEqual(linesOf('new.service', false, added), [
    'new.service After b.service',
    'new.service After c.service',
    'new.service After d.service',
  ]);
});

test('instances come from their template, aliases from their unit', () => {
  write('usr/lib/systemd/system/web@.service', '[Unit]\nAfter=net@%i.service %j.service\n');
  write('usr/lib/systemd/system/web@.service.d/x.conf', '[Unit]\nAfter=t.service\n');
  write('usr/lib/systemd/system/web@b.service.d/x.conf', '[Unit]\nAfter=own.service\n');
  assert.deepEqual(linesOf('web@b.service'), [
    'web@b.service After net@b.service',
    'web@b.service After own.service',
    'web@b.service After web.service',
  ]);
  write('usr/lib/systemd/system/broker.service', '[Unit]\nAfter=b.service\n');
  link('/usr/lib/systemd/system/broker.service', 'etc/systemd/system/bus.service');
  const files = new UnitFiles(new Paths(root));
  const { name, aliases, links } = readFileLinks(files, 'bus.service');
  assert.deepEqual({ name, aliases }, { name: 'broker.service', aliases: ['bus.service'] });
  assert.equal(links[0]?.from, 'broker.service');
});

test('a masked unit, a missing one and aliases of each other are told apart', () => {
  link('/dev/null', 'etc/systemd/system/masked.service');
  write('etc/systemd/system/empty.service', '');
  link('y.service', 'etc/systemd/system/x.service');
  link('x.service', 'etc/systemd/system/y.service');
  const files = new UnitFiles(new Paths(root));
  const state = (unit: string) => readFileLinks(files, unit).loadState;
  assert.deepEqual(
    [state('masked.service'), state('empty.service'), state('none.service'), state('x.service')],
    ['masked', 'masked', 'not-found', 'masked'],
  );
});

test('a link to a file elsewhere is the unit, whatever the file is called', () => {
  write('opt/app/app-v2.service', '[Unit]\nAfter=b.service\n');
  link('/opt/app/app-v2.service', 'etc/systemd/system/app.service');
  assert.deepEqual(linesOf('app.service'), ['app.service After b.service']);
});

test('the drop-ins of a prefix and of a type count', () => {
  write('etc/systemd/system/app-web.service', '[Unit]\n');
  write('etc/systemd/system/app-.service.d/a.conf', '[Unit]\nAfter=p.service\n');
  write('etc/systemd/system/socket.d/a.conf', '[Unit]\nAfter=s.service\n');
  write('usr/lib/systemd/system/service.d/b.conf', '[Unit]\nAfter=t.service\n');
  assert.deepEqual(linesOf('app-web.service'), [
    'app-web.service After p.service',
    'app-web.service After t.service',
  ]);
  rmSync(join(root, 'usr/lib/systemd/system/service.d'), { recursive: true });
});
