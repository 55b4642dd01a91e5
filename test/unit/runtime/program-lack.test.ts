import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lookInContainer, lookInRootfs } from '../../../src/runtime/program-lack.ts';
import { scratch } from '../layer/scratch.ts';

/** One program in /usr/bin, and a file in /opt that nobody may execute. */
function makeRootfs(context: TestContext): string {
  const rootfs = scratch(context);
  for (const directory of ['usr/bin', 'opt', 'data']) mkdirSync(join(rootfs, directory), { recursive: true });
  symlinkSync('usr/bin', join(rootfs, 'bin'));
  for (const [file, mode] of [
    ['usr/bin/tool', 0o755],
    ['opt/plain', 0o644],
  ] as const) {
    writeFileSync(join(rootfs, file), '');
    chmodSync(join(rootfs, file), mode);
  }
  return rootfs;
}

test('what is not there, and what may not be executed, is told apart', (context) => {
  const look = lookInRootfs(makeRootfs(context), []);
  assert.equal(look('/bin/tool'), undefined);
  for (const path of ['/bin/nosuch', '/bin/tool/x']) assert.equal(look(path), 'program-not-found', path);
  for (const path of ['/opt/plain', '/opt', '/..']) assert.equal(look(path), 'program-not-executable', path);
});

test('a symlink of the image leads to no program of the host', (context) => {
  const rootfs = makeRootfs(context);
  symlinkSync(process.execPath, join(rootfs, 'usr/bin/node'));
  assert.equal(lookInRootfs(rootfs, [])('/bin/node'), 'program-not-found');
});

test('a path that is too long to look at is left to the runtime', (context) => {
  assert.equal(lookInRootfs(makeRootfs(context), [])(`/${'a'.repeat(300)}`), undefined);
});

test('what may be in a mount is left to the runtime', (context) => {
  const rootfs = makeRootfs(context);
  symlinkSync('/data/hidden', join(rootfs, 'usr/bin/linked'));
  symlinkSync('/none', join(rootfs, 'data/link'));
  symlinkSync('data', join(rootfs, 'volume'));
  for (const destination of ['/data', '/volume']) {
    const look = lookInRootfs(rootfs, [{ destination }]);
    for (const path of ['/data/x', '/data/link/x', '/bin/linked', '/volume/x'])
      assert.equal(look(path), undefined, `${path} with ${destination}`);
  }
});

test('what a process sees is looked at as it sees it', (context) => {
  const rootfs = makeRootfs(context);
  const look = lookInContainer(process.pid);
  assert.equal(look(join(rootfs, 'bin/tool')), undefined);
  assert.equal(look(join(rootfs, 'bin/nosuch')), 'program-not-found');
  assert.equal(look(join(rootfs, 'opt/plain')), 'program-not-executable');
});

test('of a process that has ended nothing is told', () => {
  assert.equal(lookInContainer(2 ** 22 + 1)('/bin/sh'), undefined);
});
