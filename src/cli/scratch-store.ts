import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createStore, type Store } from '../store/store.ts';

// Images are large, and /tmp is memory on many hosts.
const SCRATCH = '/var/tmp';

/**
 * Does work with a store that is thrown away after it: what a dry run pulls must not stay. What `lender` has
 * need not be pulled.
 */
export async function withScratchStore<Result>(
  lender: Store,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  return await withScratchDirectory((directory) => work(createStore(join(directory, 'store'), lender)));
}

/** Does work with a directory, on disk, that is thrown away after it. */
export async function withScratchDirectory<Result>(
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(SCRATCH, 'berth-scratch-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
