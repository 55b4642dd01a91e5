import { join } from 'node:path';
import { BerthError } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import { listDirectory } from '../linux/list-directory.ts';
import type { ObjectKey } from './object.ts';
import type { Store } from './store.ts';

/** Something that stands where a store keeps its objects, layers or blobs. */
export interface StoreEntry<Name> {
  path: string;
  /** What its name says it is; undefined when it is no name that a store gives. */
  name: Name | undefined;
}

/** Every entry among the objects of a store, or of its staging. */
export function* listObjects(store: Pick<Store, 'objects'>): Generator<StoreEntry<ObjectKey>> {
  for (const prefix of listDirectory(store.objects)) {
    const directory = join(store.objects, prefix);
    if (!/^[0-9a-f]{2}$/.test(prefix)) {
      yield { path: directory, name: undefined };
      continue;
    }
    for (const rest of listDirectory(directory)) {
      const name = /^[0-9a-f]{62}$/.test(rest) ? (`${prefix}${rest}` as ObjectKey) : undefined;
      yield { path: `${directory}/${rest}`, name };
    }
  }
}

/** Every entry among the records of layers. */
export function* listLayers(store: Store): Generator<StoreEntry<Digest>> {
  for (const name of listDirectory(store.layers)) {
    yield { path: join(store.layers, name), name: digestNamed(name) };
  }
}

/** Every entry among the blobs. */
export function* listBlobs(store: Store): Generator<StoreEntry<Digest>> {
  const top = join(store.directory, 'blobs');
  for (const algorithm of listDirectory(top)) {
    const known = algorithm === 'sha256' || algorithm === 'sha512';
    if (!known) yield { path: join(top, algorithm), name: undefined };
    else
      for (const hex of listDirectory(join(top, algorithm))) {
        yield { path: join(top, algorithm, hex), name: digestNamed(`${algorithm}:${hex}`) };
      }
  }
}

/** True for what a crash may leave of a file that was being written: nothing is lost with it. */
export function isLeftover(path: string): boolean {
  return path.endsWith('.berth-new');
}

function digestNamed(text: string): Digest | undefined {
  try {
    return parseDigest(text);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
