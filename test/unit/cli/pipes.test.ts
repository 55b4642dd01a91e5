import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { execa } from 'execa';
import { makeFifo } from '../../../src/linux/node.ts';
import { scratch } from '../layer/scratch.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

const CONF = /cannot read: .*\.conf: .*not a regular file/;

/** Files that a host may have, with commands that read them. */
const FILES: [file: string, command: string[], says: RegExp][] = [
  ['/etc/berth/berth.yaml', ['pull', 'localhost:9/x'], /cannot read: .*berth\.yaml: .*not a regular file/],
  ['/etc/containers/registries.conf', ['pull', 'x'], CONF],
  ['/etc/containers/registries.conf.d/a.conf', ['pull', 'x'], CONF],
  ['/etc/berth/host.yaml', ['apply'], /host\.yaml.*not a regular file/],
  ['/etc/berth/host.lock', ['apply', '--dry-run'], /host\.lock.*not a regular file/],
  ['/var/lib/berth/store/images.json', ['images'], /images\.json: not a regular file/],
];

/** In a process of its own: one that waited here would be this one. */
async function berth(root: string, ...command: string[]): Promise<{ stderr: string }> {
  const { stderr, timedOut } = await execa(process.execPath, [MAIN, '--root', root, ...command], {
    reject: false,
    timeout: 60_000,
  });
  assert.equal(timedOut, false);
  return { stderr };
}

describe('a pipe where berth reads a file', () => {
  for (const [file, command, says] of FILES) {
    it(`is no reason to wait: ${file}`, async (context) => {
      const root = scratch(context);
      mkdirSync(dirname(join(root, file)), { recursive: true });
      mkdirSync(join(root, 'etc/berth'), { recursive: true });
      writeFileSync(join(root, 'etc/berth/host.yaml'), 'version: 1\nservices: {}\n');
      rmSync(join(root, file), { force: true });
      makeFifo(join(root, file), 0o600);
      const { stderr } = await berth(root, ...command);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /unexpected/);
    });
  }
  it('is no reason to wait: an auth file', async (context) => {
    const file = join(scratch(context), 'auth.json');
    makeFifo(file, 0o600);
    const { stderr } = await berth(scratch(context), 'logout', '--authfile', file, 'localhost:9');
    assert.match(stderr, /^Error: cannot read: .*auth\.json: .*not a regular file/m);
  });
});
