import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { keepHeapSmall } from '../linux/heap.ts';
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
  keepHeapSmall();
  const directory = mkdtempSync(join(SCRATCH, 'berth-scratch-'));
  try {
    return await work(createStore(join(directory, 'store'), lender));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
