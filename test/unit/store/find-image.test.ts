import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { findImage, findImageName } from '../../../src/store/find-image.ts';
import type { StoredImage } from '../../../src/store/images.ts';

const [OLD, NEW] = [digestOf(Buffer.from('old')), digestOf(Buffer.from('new'))];
const IMAGES = [
  stored('one.example/web:1', OLD),
  stored('two.example/web:1', OLD),
  stored('one.example/web:2', NEW),
  stored('two.example/web:2', OLD),
];

function stored(name: string, digest: Digest): StoredImage {
  return { name, digest, mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 3 };
}
const HEX = OLD.slice('sha256:'.length);

test('an image is found by its digest and by a short name, however many names it has', () => {
  for (const text of [OLD, HEX.slice(0, 12), 'web:1'])
    assert.equal(findImage(IMAGES, text).digest, OLD, text);
});

test('a name is found by them where it is the only one', () => {
  assert.equal(findImageName(IMAGES, NEW).name, 'one.example/web:2');
  assert.throws(() => findImageName(IMAGES, HEX.slice(0, 12)), { code: 'usage' });
  assert.throws(() => findImageName(IMAGES, 'web:1'), { code: 'usage' });
});

test('a short name of different images is not guessed at', () => {
  assert.throws(() => findImage(IMAGES, 'web:2'), {
    code: 'usage',
    message: 'more than one image may be meant: "web:2": one.example/web:2, two.example/web:2',
  });
  assert.throws(() => findImage(IMAGES, 'web:3'), { code: 'image-not-found' });
});
