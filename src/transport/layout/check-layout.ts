import { BerthError } from '../../errors.ts';
import { JsonField } from '../../image/json-field.ts';
import type { Limits } from '../../image/limits.ts';
import { quote } from '../../reference/quote.ts';
import { type ImageFiles, readDocument } from '../files/image-files.ts';
import { LAYOUT_FILE } from './layout-format.ts';

const VERSION = '1.0.0';

/** Throws `transport-unsupported` for a layout of another version, `archive-invalid`. */
export async function checkLayout(files: ImageFiles, limits: Limits): Promise<void> {
  const bytes = await readDocument(files, LAYOUT_FILE, limits);
  const document = `"${LAYOUT_FILE}" of ${files.place}`;
  const version = JsonField.parse(bytes, { code: 'archive-invalid', document, limits })
    .get('imageLayoutVersion')
    .string();
  if (version === VERSION) return;
  throw new BerthError(
    'transport-unsupported',
    `layout not supported: ${files.place}: version ${quote(version)}`,
  );
}
