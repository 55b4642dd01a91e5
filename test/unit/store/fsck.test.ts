import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PulledImage } from '../../../src/layer/pull.ts';
import { setMtime } from '../../../src/linux/mtime.ts';
import { setXattr } from '../../../src/linux/xattr.ts';
import { checkStore } from '../../../src/store/fsck.ts';
import { forgetImage } from '../../../src/store/images.ts';
import type { Store } from '../../../src/store/store.ts';
import { scratchStore } from '../layer/scratch.ts';
import { objectKeys, objectOf, pullAs, sampleLayers } from './damage.ts';

/** Changes one byte of a file and nothing else that can be seen. */
function rot(path: string): void {
  const { mtimeNs } = lstatSync(path, { bigint: true });
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  setMtime(path, mtimeNs);
}

interface Damage {
  name: string;
  damage(store: Store, image: PulledImage): string;
  finds: RegExp;
}

const object = (store: Store, image: PulledImage, path = 'etc/passwd') =>
  objectOf(store, image.diffIds, path).at;

const DAMAGES: Damage[] = [
  {
    name: 'an object that is missing',
    damage: (store, image) => {
      rmSync(object(store, image));
      return object(store, image);
    },
    finds: /^missing$/,
  },
  {
    name: 'one flipped bit in an object',
    damage: (store, image) => {
      rot(object(store, image));
      return object(store, image);
    },
    finds: /^changed content$/,
  },
  {
    name: 'an object that was cut off',
    damage: (store, image) => {
      truncateSync(object(store, image), 3);
      return object(store, image);
    },
    finds: /^size 3 instead of \d+$/,
  },
  {
    name: 'an object with another owner',
    damage: (store, image) => {
      chownSync(object(store, image), 7, 0);
      return object(store, image);
    },
    finds: /owner/,
  },
  {
    name: 'an object that became setuid',
    damage: (store, image) => {
      chmodSync(object(store, image), 0o4755);
      return object(store, image);
    },
    finds: /mode/,
  },
  {
    name: 'an object with another time',
    damage: (store, image) => {
      utimesSync(object(store, image), 5, 5);
      return object(store, image);
    },
    finds: /modification time/,
  },
  {
    name: 'an object with another extended attribute',
    damage: (store, image) => {
      setXattr(object(store, image, 'attributed'), 'user.k', Buffer.from('w'));
      return object(store, image, 'attributed');
    },
    finds: /^changed extended attributes$/,
  },
  {
    name: 'an object that is a symlink to a copy of itself',
    damage: (store, image) => {
      const path = object(store, image);
      renameSync(path, join(store.directory, 'copy'));
      symlinkSync(join(store.directory, 'copy'), path);
      return path;
    },
    finds: /^not a regular file$/,
  },
  {
    name: 'an object that is a directory',
    damage: (store, image) => {
      rmSync(object(store, image));
      mkdirSync(object(store, image));
      return object(store, image);
    },
    finds: /^not a regular file$/,
  },
  {
    name: 'a damaged object that nothing names',
    damage: (store) => {
      const path = join(store.objects, 'ab', 'c'.repeat(62));
      mkdirSync(join(store.objects, 'ab'), { recursive: true });
      writeFileSync(path, 'x');
      return path;
    },
    finds: /^differs from its name$/,
  },
  {
    name: 'a layer without its record',
    damage: (store, { diffIds }) => {
      const path = store.layer(diffIds[0] ?? assert.fail());
      rmSync(path);
      return path;
    },
    finds: /^missing$/,
  },
  {
    name: 'a record that was changed',
    damage: (store, { diffIds }) => {
      const path = store.layer(diffIds[0] ?? assert.fail());
      writeFileSync(path, readFileSync(path, 'utf8').replace('etc/passwd', 'etc/shadow'));
      return path;
    },
    finds: /^checksum differs$/,
  },
  {
    name: 'a manifest that is missing',
    damage: (store, { manifestDigest }) => {
      rmSync(store.blob(manifestDigest));
      return store.blob(manifestDigest);
    },
    finds: /^missing$/,
  },
  {
    name: 'a config that was changed',
    damage: (store, { configDigest }) => {
      appendFileSync(store.blob(configDigest), ' ');
      return store.blob(configDigest);
    },
    finds: /^content differs from its digest$/,
  },
  {
    name: 'a list of images that is none',
    damage: (store) => {
      writeFileSync(store.images, '{"manifests":');
      return store.images;
    },
    finds: /^not a list of images$/,
  },
  {
    name: 'a store that others can look into',
    damage: (store) => {
      chmodSync(store.directory, 0o711);
      return store.directory;
    },
    finds: /^is open to others$/,
  },
  {
    name: 'a file that does not belong there',
    damage: (store) => {
      writeFileSync(join(store.objects, 'README'), '');
      return join(store.objects, 'README');
    },
    finds: /^nothing that a store has$/,
  },
];

for (const { name, damage, finds } of DAMAGES) {
  test(`${name} is found, and nothing else`, async (context) => {
    const { store } = scratchStore(context);
    const image = await pullAs(store, 'docker.example/a:1', sampleLayers());
    assert.deepEqual((await checkStore(store)).problems, []);
    const path = damage(store, image);
    const { problems } = await checkStore(store);
    assert.deepEqual(
      problems.map((problem) => problem.path),
      [path],
    );
    assert.match(problems[0]?.what ?? '', finds);
  });
}

test('what an interrupted pull, a crash or a forgotten name leaves is no damage', async (context) => {
  const { store } = scratchStore(context);
  await pullAs(store, 'docker.example/a:1', sampleLayers());
  forgetImage(store, 'docker.example/a:1');
  writeFileSync(`${store.images}.berth-new`, '{');
  writeFileSync(join(store.directory, 'blobs/sha256', `${'0'.repeat(64)}.berth-new`), '{');
  mkdirSync(join(store.staging, 'boot/1-x/objects'), { recursive: true });
  assert.deepEqual((await checkStore(store)).problems, []);
});

test('a store is counted, and every byte of it read', async (context) => {
  const { store } = scratchStore(context);
  const { diffIds } = await pullAs(store, 'docker.example/a:1', sampleLayers());
  const sizes = ['etc/passwd', 'etc/motd', 'attributed'].map((path) => objectOf(store, diffIds, path).size);
  const { problems: _, ...counts } = await checkStore(store);
  assert.deepEqual(counts, {
    objects: objectKeys(store).length,
    layers: 2,
    blobs: 2,
    images: 1,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  });
});
