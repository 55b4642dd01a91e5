import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createStore, type Store } from '../../../src/store/store.ts';

/** An empty directory that goes with the test. */
export function scratch(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-test-'));
  chmodSync(directory, 0o755);
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory with an empty store in it. */
export function scratchStore(test: TestContext): { directory: string; store: Store; rootfs: string } {
  const directory = scratch(test);
  return { directory, store: createStore(join(directory, 'store')), rootfs: join(directory, 'rootfs') };
}
