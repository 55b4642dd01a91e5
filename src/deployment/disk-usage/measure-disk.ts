import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { directoryBytes, diskBytes } from '../../linux/disk-usage.ts';
import { mountPoint } from '../../linux/file-system.ts';
import { listDirectory } from '../../linux/list-directory.ts';
import type { Paths } from '../../paths.ts';
import { listBlobs, listLayers, listObjects } from '../../store/contents.ts';
import { measurePrunable } from '../../store/prune.ts';
import type { Store } from '../../store/store.ts';
import { deployedImages, imagesOfDeployments, imagesWithNames, needsOf } from '../images-in-use.ts';
import { Checkouts } from './checkouts.ts';
import { type ImageUsage, measureImages, rememberKeys } from './measure-images.ts';

/** So many, and the bytes that they take on the disk. */
export interface Usage {
  count: number;
  bytes: number;
}

/** What berth keeps on a system, by kind. */
export interface DiskUsage {
  /** Files of images: deployments and mounts are hard links to them. */
  files: Usage;
  /** Records of layers. */
  layers: Usage;
  /** Manifests, configs, and copies of what deployments have. */
  blobs: Usage;
  /** What was fetched or made and never put in place. */
  staging: Usage;
  /** What deployments have beside those files: directories, units, records. */
  deployments: Usage;
  /** The same of what is mounted, and of what runs once. */
  mounts: Usage;
  runs: Usage;
  /** What a change would need to be undone. */
  journal: Usage;
  totalBytes: number;
  images: ImageUsage[];
  /** What `berth prune` would free, and `berth prune --all`. */
  prunableBytes: number;
  prunableAllBytes: number;
  /** On the file system, for root. */
  freeBytes: number;
}

/**
 * Measures what berth keeps. Files of images are looked at once, in the store: in checkouts, only directories are. The
 * caller holds a lock. Throws `store-damaged`, `deployment-damaged`.
 */
export function measureDisk(paths: Paths, store: Store): DiskUsage {
  const uses = [...imagesOfDeployments(paths), ...imagesWithNames(store)];
  const keysOf = rememberKeys(store);
  const { images, files } = measureImages(store, uses, keysOf);
  const checkouts = new Checkouts(paths, uses);
  const whole = ({ path }: Place) => diskBytes(path);
  const beside = ({ path }: Place) => checkouts.bytesBeside(path);
  const kinds = {
    files: withDirectories(
      measure(listObjects(store), ({ path, name }) => (name && files.get(name))?.bytes ?? diskBytes(path)),
      store.objects,
    ),
    layers: measure(listLayers(store), whole),
    blobs: measure(listBlobs(store), whole),
    staging: measure(placesIn(store.staging), whole),
    deployments: { ...measure(placesIn(paths.deployments), beside), count: checkouts.deployments },
    mounts: measure(placesIn(paths.mounts), beside),
    runs: measure(placesIn(paths.runs), beside),
    journal: measure(placesIn(paths.journal), whole),
  };
  const needs = [uses, deployedImages(uses)].map(needsOf);
  const [prunableBytes = 0, prunableAllBytes = 0] = measurePrunable(store, needs, keysOf);
  const { bavail, bsize } = statfsSync(mountPoint(paths.state));
  return {
    ...kinds,
    totalBytes: Object.values(kinds).reduce((sum, { bytes }) => sum + bytes, 0),
    images,
    prunableBytes,
    prunableAllBytes,
    freeBytes: bavail * bsize,
  };
}

/** Those of the files of images are large: each has the names of a part of them all. */
function withDirectories({ count, bytes }: Usage, top: string): Usage {
  return { count, bytes: bytes + directoryBytes(top) };
}

interface Place {
  path: string;
}

function placesIn(directory: string): Place[] {
  return listDirectory(directory).map((name) => ({ path: join(directory, name) }));
}

function measure<Entry extends Place>(entries: Iterable<Entry>, bytesOf: (entry: Entry) => number): Usage {
  const usage: Usage = { count: 0, bytes: 0 };
  for (const entry of entries) {
    usage.count += 1;
    usage.bytes += bytesOf(entry);
  }
  return usage;
}
