import { pullImage } from '../../../src/layer/pull.ts';
import { listObjects } from '../../../src/store/contents.ts';
import { recordImage } from '../../../src/store/images.ts';
import { readLayerRecord } from '../../../src/store/layer-record.ts';
import type { ObjectKey, StoredFile } from '../../../src/store/object.ts';
import type { Store } from '../../../src/store/store.ts';
import { FakeSource, layerOf } from '../layer/fake-source.ts';
import { TarBuilder } from '../layer/tar-builder.ts';

export const platform = { os: 'linux', architecture: 'amd64' };

/** Two layers with one of everything that can be damaged. */
export function sampleLayers(): ReturnType<typeof layerOf>[] {
  const base = new TarBuilder()
    .directory('etc/')
    .file('etc/passwd', 'root:x:0:0::/:/bin/sh\n')
    .file('etc/empty')
    .file('attributed', 'attributed', { pax: { 'SCHILY.xattr.user.k': 'v' } })
    .symlink('link', 'etc/passwd')
    .device('character', 'console', 5, 1);
  const top = new TarBuilder().file('etc/motd', 'hello\n', { uid: 5 }).directory('data/', { mode: 0o1777 });
  return [layerOf(base.end()), layerOf(top.end())];
}

/** Pulls layers under a name, and records the name. */
export async function pullAs(store: Store, name: string, layers: ReturnType<typeof layerOf>[]) {
  const image = await pullImage(store, new FakeSource(layers, name), { platform });
  recordImage(store, image.stored);
  return image;
}

/** The object that holds the file `path` of an image. */
export function objectOf(
  store: Store,
  diffIds: readonly string[],
  path: string,
): StoredFile & { at: string } {
  for (const diffId of diffIds) {
    const record = readLayerRecord(store.layer(diffId as never), diffId as never);
    const entry = record.entries.find((candidate) => candidate.path === path);
    if (entry?.type === 'file') return { ...entry, at: store.object(entry.key) };
  }
  throw new Error(`no such file: ${path}`);
}

/** All objects that are there. */
export function objectKeys(store: Store): ObjectKey[] {
  return [...listObjects(store)].flatMap(({ name }) => name ?? []);
}
