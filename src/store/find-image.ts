import { BerthError } from '../errors.ts';
import { digestHex } from '../image/digest.ts';
import { formatImageReference, parseImageReference } from '../reference/image-reference.ts';
import { quote } from '../reference/quote.ts';
import type { StoredImage } from './images.ts';

/** So many digits of a digest tell an image at least. */
const DIGEST = /^(?:sha(?:256|512):)?([0-9a-f]{12,128})$/;

/**
 * The image of the store that a person means, by any of its names: one in full, a short one, or its digest, in full
 * or as `berth images` shows it. Throws `image-not-found`, `usage` when several images may be meant, and
 * `reference-invalid`.
 */
export function findImage(images: readonly StoredImage[], text: string): StoredImage {
  return theOne(candidates(images, text), text, 'digest');
}

/** The same where it is the name that is meant: `usage` also when the image has several names that it may be. */
export function findImageName(images: readonly StoredImage[], text: string): StoredImage {
  return theOne(candidates(images, text), text, 'name');
}

function theOne(
  [found, ...others]: readonly StoredImage[],
  text: string,
  by: 'digest' | 'name',
): StoredImage {
  if (found === undefined) {
    throw new BerthError('image-not-found', `not in the store: ${quote(text)}`, { hint: 'berth images' });
  }
  if (others.every((other) => other[by] === found[by])) return found;
  const names = [found, ...others].map(({ name }) => name).join(', ');
  throw new BerthError('usage', `more than one image may be meant: ${quote(text)}: ${names}`, {
    hint: 'name it as berth images does',
  });
}

function candidates(images: readonly StoredImage[], text: string): StoredImage[] {
  const hex = DIGEST.exec(text)?.[1];
  if (hex !== undefined) return images.filter(({ digest }) => digestHex(digest).startsWith(hex));
  const exact = images.filter(({ name }) => name === text);
  if (exact.length > 0) return exact;
  const reference = parseImageReference(text);
  if (reference.kind !== 'short') {
    const name = formatImageReference(reference);
    return images.filter((image) => image.name === name);
  }
  const { path, tag = 'latest' } = reference;
  return images.filter(({ name }) => name.endsWith(`/${path}:${tag}`));
}
