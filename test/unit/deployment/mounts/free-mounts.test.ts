import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freeMounts } from '../../../../src/deployment/mounts/free-mounts.ts';
import { Paths } from '../../../../src/paths.ts';
import { makeRoot } from '../apply/scratch-root.ts';

/** A mount's directory with a file in it that people may see elsewhere. */
function makePlace(context: TestContext): { paths: Paths; place: string } {
  const paths = new Paths(makeRoot(context));
  const place = join(paths.mounts, 'berth-mount-abcdef');
  mkdirSync(join(place, 'rootfs'), { recursive: true });
  writeFileSync(join(place, 'rootfs/motd'), 'hello');
  return { paths, place };
}

test('a mount that was not made to its end is freed', (context) => {
  const { paths, place } = makePlace(context);
  freeMounts(paths);
  assert.ok(!existsSync(place));
});

test('a mount whose record cannot be read is not removed', (context) => {
  const { paths, place } = makePlace(context);
  // No permission stops root.
  mkdirSync(join(place, 'mount.json'));
  assert.throws(() => freeMounts(paths), { code: 'EISDIR' });
  assert.ok(existsSync(join(place, 'rootfs/motd')));
});
