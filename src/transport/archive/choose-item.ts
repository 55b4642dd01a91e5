import { JsonField } from '../../image/json-field.ts';
import type { Limits } from '../../image/limits.ts';
import type { DockerArchiveReference } from '../../reference/image-reference.ts';
import { archiveInvalid, type ImageFiles, readDocument } from '../files/image-files.ts';
import { ambiguous, notAmong } from '../files/no-choice.ts';

/** One image of an archive: names of files in it, the lowest layer first. */
export interface ArchiveItem {
  config: string;
  tags: string[];
  layers: string[];
}

/** The image of an archive that a reference means. Throws `image-not-found`, `archive-invalid`, and `usage` where it may be one of several. */
export async function chooseItem(
  files: ImageFiles,
  reference: DockerArchiveReference,
  limits: Limits,
): Promise<ArchiveItem> {
  const { name, index } = reference;
  const items = await readItems(files, limits);
  const [item, ...others] =
    index === undefined
      ? items.filter(({ tags }) => name === undefined || tags.map(shown).includes(shown(name)))
      : items.slice(index, index + 1);
  const tags = items.flatMap((each) => each.tags);
  if (item === undefined) throw notAmong(reference, tags);
  if (others.length > 0) throw ambiguous(reference, tags);
  return item;
}

async function readItems(files: ImageFiles, limits: Limits): Promise<ArchiveItem[]> {
  const { place } = files;
  if ((await files.size('manifest.json')) === undefined) {
    const isLayout = (await files.size('oci-layout')) !== undefined;
    throw archiveInvalid(
      place,
      'it has no "manifest.json"',
      isLayout ? { hint: `name it oci-archive:${place}` } : {},
    );
  }
  const bytes = await readDocument(files, 'manifest.json', limits);
  const document = `"manifest.json" of ${place}`;
  return JsonField.parse(bytes, { code: 'archive-invalid', document, limits })
    .list()
    .map((item) => ({
      config: item.get('Config').string(),
      tags: item.get('RepoTags').strings(),
      layers: item.get('Layers').strings(),
    }));
}

/** A name as Docker shows it, without what it completes names with. */
function shown(name: string): string {
  return name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
}
