import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { scratch } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { FakeRegistry } from '../transport/fake-registry.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

function diff(context: TestContext, ...args: string[]): Promise<BerthRun> {
  return runBerth(['--root', scratch(context), 'diff', ...args]);
}

function layer(version: string, text: string): Buffer {
  const status = `Package: web\nStatus: install ok installed\nArchitecture: all\nVersion: ${version}\n`;
  const tar = new TarBuilder().file('var/lib/dpkg/status', status).file('usr/lib/web/\x1b[31mindex', text);
  return Buffer.concat([tar.bytes(), Buffer.alloc(1024)]);
}

async function twoImages(): Promise<{ registry: FakeRegistry; one: string; two: string }> {
  const registry = await FakeRegistry.start();
  for (const [tag, text] of Object.entries({ 1: 'one', 2: 'and two' })) {
    registry.addImage('web', tag, { layers: [layer(`${tag}.0`, text)] });
  }
  const image = `docker://${registry.host}/web`;
  return { registry, one: `${image}:1`, two: `${image}:2` };
}

describe('berth diff of two images', () => {
  it('tells packages, and files by directory', async (context) => {
    const { registry, one, two } = await twoImages();
    await using _ = registry;
    const { status, stdout, stderr } = await diff(context, one, two);
    assert.equal(status, 0, stderr);
    assert.equal(
      stdout,
      `${[
        'PACKAGE  CHANGE   BEFORE  AFTER  SIZE',
        'web      changed  1.0     2.0    +0 B',
        '',
        'FILES     ADDED  REMOVED  CHANGED  SIZE',
        '/usr/lib  0      0        1        +4 B',
        '/var/lib  0      0        1        +0 B',
        'total     0      0        2        +4 B',
      ].join('\n')}\n`,
    );
    assert.match(stderr, /^from .*\/web:1 [0-9a-f]{12} to .*\/web:2 [0-9a-f]{12}$/m);
  });
  it('lists every file on demand, whose names command no terminal', async (context) => {
    const { registry, one, two } = await twoImages();
    await using _ = registry;
    const { stdout } = await diff(context, '--files', one, two);
    assert.equal(
      stdout,
      `${[
        'CHANGE   SIZE  WHAT     PATH',
        'changed  +4 B  content  /usr/lib/web/\\u001b[31mindex',
        'changed  +0 B  content  /var/lib/dpkg/status',
      ].join('\n')}\n`,
    );
  });
  it('has all of it as JSON, and leaves nothing behind', async (context) => {
    const { registry, one, two } = await twoImages();
    await using _ = registry;
    const root = scratch(context);
    const { stdout } = await runBerth(['--root', root, 'diff', '--json', one, two]);
    const { before, after, files, packages, unread } = JSON.parse(stdout);
    assert.deepEqual(
      [before.image, after.image],
      [one, two].map((image) => image.replace('docker://', '')),
    );
    assert.deepEqual([files.length, unread, before.service], [2, [], null]);
    assert.deepEqual(packages, [
      {
        manager: 'dpkg',
        name: 'web',
        architecture: 'all',
        change: 'changed',
        versions: ['1.0', '2.0'],
        sizes: [0, 0],
      },
    ]);
    assert.equal(existsSync(`${root}/var`), false);
  });
  it('says that there is no difference', async (context) => {
    const { registry, one } = await twoImages();
    await using _ = registry;
    const { status, stdout, stderr } = await diff(context, one, one);
    assert.deepEqual([status, stdout], [0, '']);
    assert.match(stderr, /no difference\n$/);
  });
  it('compares an image of the store with what its tag stands for now, and fetches what it lacks', async (context) => {
    const { registry, one } = await twoImages();
    await using _ = registry;
    const root = scratch(context);
    await runBerth(['--root', root, 'pull', one]);
    const [{ digest } = assert.fail()] = registry.addImage('web', '1', {
      layers: [layer('3.0', 'x')],
    }).layers;
    const short = one.replace('docker://', '');
    const { stdout, stderr } = await runBerth(['--root', root, 'diff', '--latest', '--packages', short]);
    assert.match(stdout, /^web +changed +1\.0 +3\.0/m, stderr);
    assert.equal(registry.seen(new RegExp(digest)).length, 1);
  });
  it('refuses what it cannot compare, with what can be', async (context) => {
    const usage = async (...args: string[]) => (await diff(context, ...args)).stderr;
    assert.match(await usage('registry.example.com/a:1'), /^Error: one image alone: .*\nHint: name another/);
    assert.match(await usage('--latest', 'a:1', 'b:1'), /exclude each other/);
    assert.match(await usage('web'), /^Error: not installed: web\nHint: berth --root \S+ list/);
  });
});
