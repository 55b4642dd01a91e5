import type { Descriptor } from '../../image/image.ts';
import { JsonField } from '../../image/json-field.ts';
import { DEFAULT_LIMITS } from '../../image/limits.ts';
import type { ImageFiles } from '../files/image-files.ts';
import { REF_NAME } from '../layout/layout-format.ts';

/** What containerd and docker(1) call an image of a layout, by its whole name. */
const CONTAINERD_NAME = 'io.containerd.image.name';

/** A key of berth's own: a JSON list of what people called an image who wrote it otherwise, such as a short name. */
const SPELLINGS = 'berth.image.spellings';

/** What an image of a bundle is called: its whole name, and what else people wrote for it, sorted. */
export interface BundledName {
  name: string;
  spellings: string[];
}

/** An image of a bundle that is there. */
export interface BundledImage extends BundledName {
  top: Descriptor;
  files: ImageFiles;
}

/** The annotations of an image in index.json. */
export function nameAnnotations({ name, spellings }: BundledName): Record<string, string> {
  return {
    [CONTAINERD_NAME]: name,
    [REF_NAME]: name,
    ...(spellings.length === 0 ? {} : { [SPELLINGS]: JSON.stringify(spellings) }),
  };
}

/** What an entry of any index.json is called; undefined for one without a name. Throws `archive-invalid`. */
export function readName({ annotations = {} }: Descriptor): BundledName | undefined {
  const name = annotations[CONTAINERD_NAME] ?? annotations[REF_NAME];
  if (name === undefined) return undefined;
  const spelled = JsonField.parse(Buffer.from(annotations[SPELLINGS] ?? '[]'), {
    code: 'archive-invalid',
    document: `the annotation ${SPELLINGS}`,
    limits: DEFAULT_LIMITS,
  });
  return { name, spellings: spelled.list().map((field) => field.string()) };
}
