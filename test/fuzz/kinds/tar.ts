import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkout } from '../../../src/deployment/plan/checkout.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { readLimits } from '../../../src/image/limits.ts';
import { ArchiveUnpacking } from '../../../src/layer/archive-unpacking.ts';
import { type ArchiveUnpacker, extractLayer } from '../../../src/layer/extract.ts';
import { SourceBytes } from '../../../src/layer/source-bytes.ts';
import { uniteLayers } from '../../../src/layer/union.ts';
import { commitLayers } from '../../../src/store/commit.ts';
import { readLayerRecord } from '../../../src/store/layer-record.ts';
import { openStaging } from '../../../src/store/staging.ts';
import { createStore, type Store } from '../../../src/store/store.ts';
import type { Random } from '../../random.ts';
import { sha256 } from '../../unit/layer/fake-source.ts';
import { compareWithGnuTar } from '../gnu-tar.ts';
import type { FuzzKind } from '../kind.ts';
import { LOWER, randomArchive } from '../mutate/archive.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateMembers } from '../mutate/members.ts';
import { pieces } from '../pieces.ts';

/** Low enough to be reached by a case. */
const TAR_LIMITS = readLimits({ entries: 64, depth: 40, headerBytes: 1 << 16, recordBytes: 1 << 17 });

const NEVER = new AbortController().signal;

/** In this thread: one for each case would take most of the time. */
const HERE: ArchiveUnpacker = {
  async unpack(job, archive) {
    const unpacking = new ArchiveUnpacking(job);
    try {
      for await (const chunk of archive.chunks()) unpacking.write(chunk);
      return unpacking.finish(archive.size);
    } finally {
      unpacking.close();
    }
  },
};

/** Layers of an image, unpacked for real over another one whose symlinks lead to a directory beside it. */
export const tar: FuzzKind = {
  share: 0.25,
  codes: ['layer-invalid', 'layer-unsafe', 'limit-exceeded'],

  make(random: Random): Buffer {
    const archive = randomArchive(random);
    const changed = random.chance(0.5) ? mutateMembers(archive, random) : archive;
    return random.chance(0.15) ? mutateBytes(changed, random) : changed;
  },

  async read(archive) {
    makeCanary();
    const before = look();
    const store = createStore(resolve('store'));
    try {
      const layers = [await unpack(store, LOWER), await unpack(store, archive)];
      // As a pull does before it commits.
      const tree = uniteLayers(
        layers.map((layer) => readLayerRecord(store.layer(layer), layer).entries),
        TAR_LIMITS,
      );
      await checkout(store, tree, resolve('rootfs'));
    } finally {
      rmSync('rootfs', { recursive: true, force: true });
      assert.deepEqual(look(), before, 'something was written outside');
      assert.deepEqual(readdirSync('.').sort(), ['canary', 'store'], 'something was written beside');
    }
  },

  compare: (archive) => compareWithGnuTar(archive, TAR_LIMITS),
};

async function unpack(store: Store, archive: Buffer): Promise<Digest> {
  const diffId = sha256(archive);
  if (existsSync(store.layer(diffId))) return diffId;
  const staging = openStaging(store);
  try {
    const job = {
      blobDigest: diffId,
      blobSize: archive.length,
      compression: 'none',
      diffId,
      limits: TAR_LIMITS,
    } as const;
    await extractLayer(
      {
        ...job,
        objects: staging.objects,
        unfinished: staging.unfinished(diffId),
        record: staging.record(diffId),
      },
      new SourceBytes(pieces(archive), { signal: NEVER, onBytes: () => {} }),
      HERE,
    );
    commitLayers(store, staging, [diffId]);
    return diffId;
  } finally {
    staging.remove();
  }
}

/** What symlinks of the layers lead to: made once, and found again. */
function makeCanary(): void {
  if (existsSync('canary')) return;
  mkdirSync('canary/inner', { recursive: true });
  writeFileSync('canary/file', 'untouched');
}

/** All that a write, a change of owner or another name would show in. */
function look(): unknown[] {
  const names = ['canary', 'canary/file', 'canary/inner'];
  const stats = names.map((name) => {
    const { ino, mode, nlink, mtimeNs, ctimeNs } = lstatSync(name, { bigint: true });
    return { name, ino, mode, nlink, mtimeNs, ctimeNs };
  });
  return [readdirSync('canary', { recursive: true }).sort(), readFileSync('canary/file', 'utf8'), stats];
}
