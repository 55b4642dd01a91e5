import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HardLinks } from '../../../../src/deployment/plan/hard-links.ts';
import { LinkThread } from '../../../../src/deployment/plan/link-thread.ts';
import { scratch } from '../../layer/scratch.ts';

/** Enough for a second thread to have its part of them. */
const MANY = 20_000;

/** A file, an empty directory, and links that are asked for from one to the other. */
function ask(context: TestContext, count: number) {
  const directory = scratch(context);
  const [file, to] = [join(directory, 'file'), join(directory, 'to')];
  writeFileSync(file, 'x');
  mkdirSync(to);
  const links = new HardLinks(count);
  context.after(() => links.close());
  const add = (from = file) => {
    for (let number = 0; number < count; number += 1) links.add(from, `${to}/${number}`);
  };
  return { directory, file, to, links, add };
}

for (const count of [1, MANY]) {
  test(`${count} links are all there in the end`, async (context) => {
    const { file, to, links, add } = ask(context, count);
    add();
    assert.deepEqual(await links.finish(), []);
    assert.equal(readdirSync(to).length, count);
    assert.equal(statSync(file).nlink, count + 1);
  });

  test(`of ${count} links to another file system each is named`, async (context) => {
    const { directory, to, links, add } = ask(context, count);
    const mount = join(directory, 'other');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
    try {
      writeFileSync(join(mount, 'file'), 'x');
      add(join(mount, 'file'));
      assert.equal(new Set(await links.finish()).size, count);
      assert.deepEqual(readdirSync(to), []);
    } finally {
      await links.close();
      execFileSync('umount', [mount]);
    }
  });
}

test('names of any bytes are kept by both threads', async (context) => {
  const { to, links, file } = ask(context, MANY);
  for (let number = 0; number < MANY; number += 1) links.add(file, `${to}/\xe9${number}`);
  await links.finish();
  const names = readdirSync(to, 'latin1');
  assert.deepEqual([names.length, names.every((name) => /^\xe9\d+$/.test(name))], [MANY, true]);
});

test('an error of the other thread comes out as it is', async (context) => {
  const { to } = ask(context, 0);
  const thread = new LinkThread();
  context.after(() => thread.end());
  assert.equal(thread.take(['/nowhere', `${to}/first`]), true);
  await assert.rejects(thread.finish(), { code: 'ENOENT', syscall: 'link', path: '/nowhere' });
});

test('no link is made any more after the end', async (context) => {
  const { to, links, add } = ask(context, MANY);
  add();
  await links.close();
  const made = readdirSync(to).length;
  rmSync(to, { recursive: true });
  assert.ok(made < MANY, `${made} links`);
});
