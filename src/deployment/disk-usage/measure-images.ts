import type { Digest } from '../../image/digest.ts';
import { diskBytes } from '../../linux/disk-usage.ts';
import type { ServiceName } from '../../service-name.ts';
import { readLayerRecord } from '../../store/layer-record.ts';
import type { ObjectKey } from '../../store/object.ts';
import type { Store } from '../../store/store.ts';
import type { ImageUse } from '../images-in-use.ts';

/** What the files of an image take in a store. */
export interface ImageUsage {
  digest: Digest;
  /** Fully qualified; of one that has lost its name, that by which it was installed. */
  names: string[];
  /** Those that have a deployment of it. */
  services: ServiceName[];
  /** Bytes on the disk of files that no other image has. */
  ownBytes: number;
  /** Bytes on the disk of files that others have, too. */
  sharedBytes: number;
}

/** A file of the store, and the images that have it, by number. */
interface KnownFile {
  bytes: number;
  owner: number | 'several';
  /** The one that counted it last: an image may have it in several layers. */
  counted: number | undefined;
}

/** What each image takes, by name. `keysOf` has the files of a layer; each is looked at once: `files` are all of them. */
export function measureImages(
  store: Store,
  uses: readonly ImageUse[],
  keysOf: (layer: Digest) => readonly ObjectKey[],
): { images: ImageUsage[]; files: ReadonlyMap<ObjectKey, { bytes: number }> } {
  const files = new Map<ObjectKey, KnownFile>();
  const images = [...Map.groupBy(uses, ({ manifestDigest }) => manifestDigest)];
  const each = (work: (key: ObjectKey, index: number) => void) => {
    for (const [index, [, [use]]] of images.entries()) {
      for (const diffId of use?.parts?.diffIds ?? []) for (const key of keysOf(diffId)) work(key, index);
    }
  };
  each((key, index) => {
    const file = files.get(key);
    if (file !== undefined) file.owner = file.owner === index ? index : 'several';
    else files.set(key, { bytes: diskBytes(store.object(key)), owner: index, counted: undefined });
  });
  const sums = images.map(() => ({ ownBytes: 0, sharedBytes: 0 }));
  each((key, index) => {
    const [file, sum] = [files.get(key), sums[index]];
    if (file === undefined || sum === undefined || file.counted === index) return;
    file.counted = index;
    sum[file.owner === index ? 'ownBytes' : 'sharedBytes'] += file.bytes;
  });
  const measured = images
    .map(([digest, group], index) => ({
      digest,
      names: namesOf(group),
      services: [...new Set(group.flatMap(({ deployment }) => deployment?.service ?? []))],
      ...{ ownBytes: 0, sharedBytes: 0, ...sums[index] },
    }))
    .sort((one, other) => (one.names.join() < other.names.join() ? -1 : 1));
  return { images: measured, files };
}

/**
 * The files that a layer has, as its record says. Images have layers in common: each record is read once. The function
 * throws `store-damaged`.
 */
export function rememberKeys(store: Store): (layer: Digest) => readonly ObjectKey[] {
  const known = new Map<Digest, ObjectKey[]>();
  return (diffId) => {
    const keys =
      known.get(diffId) ??
      readLayerRecord(store.layer(diffId), diffId).entries.flatMap((entry) =>
        entry.type === 'file' ? entry.key : [],
      );
    known.set(diffId, keys);
    return keys;
  };
}

function namesOf(uses: readonly ImageUse[]): string[] {
  const given = uses.filter(({ deployment }) => deployment === undefined);
  return [...new Set((given.length > 0 ? given : uses).map(({ name }) => name))].sort();
}
