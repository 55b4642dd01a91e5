import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { withScratchStore } from '../../../src/cli/scratch-store.ts';
import { scratchStore } from '../layer/scratch.ts';

const SOMEBODY = 1234;

test('a scratch store is gone after its work, and so is what a killed process left', async (context) => {
  const abandoned = mkdtempSync('/var/tmp/berth-scratch-');
  mkdirSync(join(abandoned, 'store/objects'), { recursive: true });
  const [foreign, kept] = [mkdtempSync('/var/tmp/berth-scratch-'), mkdtempSync('/var/tmp/berth-test-')];
  chownSync(foreign, SOMEBODY, SOMEBODY);
  const link = join('/var/tmp', `berth-scratch-${basename(kept)}`);
  symlinkSync(kept, link);
  context.after(() => {
    for (const path of [abandoned, foreign, kept, link]) rmSync(path, { recursive: true, force: true });
  });
  const { store: lender } = scratchStore(context);
  const directory = await withScratchStore(lender, async (outer) => {
    await withScratchStore(lender, async () => {});
    assert.ok(existsSync(outer.directory), 'another works in it');
    return dirname(outer.directory);
  });
  assert.deepEqual(
    [directory, abandoned, foreign, kept].map((path) => existsSync(path)),
    [false, false, true, true],
  );
});
