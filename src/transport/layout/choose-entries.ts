import type { Descriptor } from '../../image/image.ts';
import { isIndexType, isManifestType } from '../../image/media-type.ts';
import type { LayoutReference } from '../../reference/image-reference.ts';
import { ambiguous, notAmong } from '../files/no-choice.ts';
import { REF_NAME } from './layout-format.ts';

/**
 * What a reference means of a layout's index: one entry, or one for each platform of an image that has
 * no index of its own. Throws `image-not-found`, and `usage` where several images may be meant.
 */
export function chooseEntries(
  manifests: readonly Descriptor[],
  reference: LayoutReference,
): [Descriptor, ...Descriptor[]] {
  const images = manifests.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType));
  const [first, ...others] = matching(manifests, images, reference);
  if (first === undefined) throw notAmong(reference, namesOf(images));
  const isOne =
    namesOf([first, ...others]).length <= 1 &&
    [first, ...others].every(({ platform }) => platform !== undefined);
  if (others.length > 0 && !isOne) throw ambiguous(reference, namesOf(images));
  return [first, ...others];
}

function matching(
  all: readonly Descriptor[],
  images: readonly Descriptor[],
  { name, index }: LayoutReference,
): readonly Descriptor[] {
  if (index !== undefined) return all.slice(index, index + 1);
  return name === undefined ? images : images.filter((image) => image.annotations?.[REF_NAME] === name);
}

function namesOf(images: readonly Descriptor[]): string[] {
  return [...new Set(images.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []))];
}
