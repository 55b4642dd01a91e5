import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stampWritten } from '../../../../src/deployment/apply/stamp-written.ts';
import { setMtime } from '../../../../src/linux/mtime.ts';
import { Paths } from '../../../../src/paths.ts';

const DATE = 1_700_000_000_000;
const EARLIER = 1_600_000_000_000;

/** A tree with these files, written now. */
function makeTree(context: TestContext, ...files: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'berth-stamp-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

const timeOf = (path: string | Buffer) => lstatSync(path).mtimeMs;

test('what was written has the date, whatever it is called, and what was there before keeps its time', (context) => {
  const root = makeTree(context, 'etc/new', 'etc/old');
  symlinkSync('nowhere', join(root, 'etc/link'));
  const strange = Buffer.concat([Buffer.from(`${root}/etc/`), Buffer.from([0xff])]);
  writeFileSync(strange, '');
  setMtime(join(root, 'etc/old'), BigInt(EARLIER) * 1_000_000n);
  stampWritten(new Paths(root, { sourceDate: new Date(DATE) }), Date.now() - 10_000);
  for (const path of ['', 'etc', 'etc/new', 'etc/link']) assert.equal(timeOf(join(root, path)), DATE, path);
  assert.equal(timeOf(strange), DATE);
  assert.equal(timeOf(join(root, 'etc/old')), EARLIER);
});

test('what images have brought keeps its time, even one that is yet to come', (context) => {
  const checkout = 'var/lib/berth/deployments/web/0';
  const object = 'var/lib/berth/store/objects/ab/cdef';
  const root = makeTree(context, `${checkout}/rootfs/etc/passwd`, `${checkout}/config.json`, object);
  const before = [object, `${checkout}/rootfs/etc/passwd`].map((path) => timeOf(join(root, path)));
  stampWritten(new Paths(root, { sourceDate: new Date(DATE) }), Date.now() - 10_000);
  const after = [object, `${checkout}/rootfs/etc/passwd`].map((path) => timeOf(join(root, path)));
  assert.deepEqual(after, before);
  for (const path of [`${checkout}/config.json`, 'var/lib/berth/store/objects'])
    assert.equal(timeOf(join(root, path)), DATE, path);
});

test('the root may be named by a symlink', (context) => {
  const root = makeTree(context, 'tree/etc/new');
  symlinkSync('tree', join(root, 'link'));
  const linked = timeOf(join(root, 'link'));
  stampWritten(new Paths(join(root, 'link'), { sourceDate: new Date(DATE) }), Date.now() - 10_000);
  assert.deepEqual(
    ['tree', 'tree/etc', 'tree/etc/new'].map((path) => timeOf(join(root, path))),
    [DATE, DATE, DATE],
  );
  assert.equal(timeOf(join(root, 'link')), linked);
});

test('without a date nothing is changed', (context) => {
  const root = makeTree(context, 'etc/new');
  const before = timeOf(join(root, 'etc/new'));
  stampWritten(new Paths(root), 0);
  assert.equal(timeOf(join(root, 'etc/new')), before);
});
