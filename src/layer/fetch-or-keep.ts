import { rmSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { commitLayers } from '../store/commit.ts';
import { listObjects } from '../store/contents.ts';
import { readLayerRecord } from '../store/layer-record.ts';
import { inspectObject, type ObjectKey } from '../store/object.ts';
import type { Staging } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import { type FetchOptions, fetchLayers } from './fetch-layers.ts';

/**
 * Fetches layers into staging. When that fails or is interrupted, those that were finished go into the
 * store, so that the next try need not fetch them; but none for want of room, where what filled the disk is
 * given back, and none where the disk failed. Throws as `fetchLayers`, and what writing back met.
 */
export async function fetchOrKeep(store: Store, options: Omit<FetchOptions, 'onFinished'>): Promise<void> {
  const finished: Digest[] = [];
  try {
    await fetchLayers({ ...options, onFinished: (diffId) => finished.push(diffId) });
    options.signal?.throwIfAborted();
  } catch (error) {
    // What did not reach the disk is no good, whatever the memory has of it.
    await options.writeBack.finish();
    const isFull = error instanceof BerthError && error.code === 'no-space';
    if (!isFull) keep(store, options, finished, error);
    throw error;
  }
}

function keep(
  store: Store,
  { staging }: Pick<FetchOptions, 'staging'>,
  finished: Digest[],
  why: unknown,
): void {
  try {
    commitLayers(store, staging, leaveWhole(staging, finished));
  } catch (error) {
    const cause = new AggregateError([why, error], 'what was fetched could not be kept either');
    if (!(why instanceof BerthError)) throw cause;
    const { code, message, hint } = why;
    throw new BerthError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

/**
 * Removes all objects but those of these layers, and says which layers have all of theirs: one may have
 * relied on a file that another was still writing. Each object is read in full.
 */
function leaveWhole(staging: Staging, finished: Digest[]): Digest[] {
  const layers = finished.map((diffId) => {
    const { entries } = readLayerRecord(staging.record(diffId), diffId);
    return { diffId, keys: entries.flatMap((entry) => (entry.type === 'file' ? entry.key : [])) };
  });
  const needed = new Set(layers.flatMap(({ keys }) => keys));
  const whole = new Set<ObjectKey>();
  for (const { path, name } of listObjects(staging)) {
    if (name !== undefined && needed.has(name) && inspectObject(path) === name) whole.add(name);
    else rmSync(path);
  }
  return layers.filter(({ keys }) => keys.every((key) => whole.has(key))).map(({ diffId }) => diffId);
}
