import { BerthError } from '../../errors.ts';
import {
  formatImageReference,
  type ImageReference,
  mayMean,
  parseImageReference,
} from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';
import type { BundledImage } from './bundle-format.ts';

/** Names that messages list. */
const SHOWN = 20;

/**
 * The image that is meant by what a person wrote, of those in a bundle; what is written with a digest is the image
 * of that digest. Throws `image-not-found`, `usage` where different images may be meant, `reference-invalid`.
 */
export function findBundled(images: readonly BundledImage[], written: string): BundledImage {
  const reference = parseImageReference(written);
  const digest = 'digest' in reference ? reference.digest : undefined;
  const [found, ...others] =
    digest === undefined ? named(images, reference) : images.filter(({ top }) => top.digest === digest);
  if (found === undefined) throw missing(images, written);
  const other = others.find(({ top }) => top.digest !== found.top.digest);
  if (other !== undefined) {
    const places = [found, other].map(({ name, files }) => `${name} of ${files.place}`);
    throw new BerthError(
      'usage',
      `more than one image may be meant: ${quote(written)}: ${places.join(', ')}`,
      {
        hint: 'write its whole name, or name the archive that it is to come from',
      },
    );
  }
  // Whatever else the content of a digest is called, here it goes by the name that was asked for.
  return reference.kind === 'registry' ? { ...found, name: formatImageReference(reference) } : found;
}

function named(images: readonly BundledImage[], reference: ImageReference): BundledImage[] {
  const wanted = formatImageReference(reference);
  const exact = images.filter(({ name, spellings }) => name === wanted || spellings.includes(wanted));
  return exact.length > 0 ? exact : images.filter(({ name }) => mayMean(reference, name));
}

function missing(images: readonly BundledImage[], written: string): BerthError {
  const places = [...new Set(images.map(({ files }) => files.place))];
  const there = images.map(({ name, top }) => (written.includes('@') ? `${name} (${top.digest})` : name));
  return new BerthError(
    'image-not-found',
    `not in the bundle: ${quote(written)}: ${places.slice(0, SHOWN).join(', ')} has ${there.slice(0, SHOWN).map(quote).join(', ')}`,
    { hint: `berth bundle --output FILE ${written}` },
  );
}
