import { join } from 'node:path';
import { createStore, type Store } from '../store/store.ts';
import { withScratchDirectory } from './scratch-directory.ts';

// Images are large, and /tmp is memory on many hosts.
const PLACE = { parent: '/var/tmp', prefix: 'berth-scratch-' };

/**
 * Does work with a store that is thrown away after it: what a dry run pulls must not stay. What `lender` has
 * need not be pulled.
 */
export async function withScratchStore<Result>(
  lender: Store,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  return await withScratchDirectory(PLACE, (directory) =>
    work(createStore(join(directory, 'store'), lender)),
  );
}
