import { BerthError } from '../../errors.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { JsonField } from '../../image/json-field.ts';
import { DEFAULT_LIMITS } from '../../image/limits.ts';
import { OCI_INDEX } from '../../image/media-type.ts';
import { formatImageReference, type ImageReference } from '../../reference/image-reference.ts';

/** OCI image spec, image-layout.md: the file that marks a layout, and what it says. */
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** OCI image spec, annotations.md: the name of an image in a layout. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/** Where a blob is in a layout. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/**
 * The text of index.json with an image in it: it takes the place of another of its name, and without one
 * that of itself. Throws `manifest-invalid` when `before`, the bytes that are there, are no index.
 */
export function addToIndex(
  before: Uint8Array | undefined,
  top: Descriptor,
  refName: string | undefined,
): string {
  const { mediaType, digest, size } = top;
  const annotations = refName === undefined ? {} : { annotations: { [REF_NAME]: refName } };
  const isReplaced = (entry: Partial<Descriptor>): boolean =>
    refName === undefined
      ? entry.digest === digest && entry.annotations?.[REF_NAME] === undefined
      : entry.annotations?.[REF_NAME] === refName;
  const index: IndexFile =
    before === undefined ? { schemaVersion: 2, mediaType: OCI_INDEX } : parseIndexFile(before);
  const others = (index.manifests ?? []).filter((entry) => !isReplaced(entry));
  return JSON.stringify({ ...index, manifests: [...others, { mediaType, digest, size, ...annotations }] });
}

/** Refuses `oci:PATH:@0`: an image that is to be written has no place in the order yet. */
export function refuseIndex(reference: ImageReference & { index: number | undefined }): void {
  if (reference.index === undefined) return;
  const name = formatImageReference(reference);
  throw new BerthError('reference-invalid', `not a destination: ${name}: "@" is only for reading`, {
    hint: 'name the image, or leave the name out',
  });
}

interface IndexFile {
  schemaVersion?: number;
  mediaType?: string;
  manifests?: Partial<Descriptor>[];
}

/** As it is, with whatever else it says, once its list has been looked at. */
function parseIndexFile(bytes: Uint8Array): IndexFile {
  const options = { code: 'manifest-invalid', document: 'index.json', limits: DEFAULT_LIMITS } as const;
  const field = JsonField.parse(bytes, options).object();
  for (const entry of field.get('manifests').list()) entry.object().get('annotations').stringMap();
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
