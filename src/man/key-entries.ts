import { bold, entry } from './roff.ts';

/** What a schema says of a key. */
export interface Key {
  $ref?: string;
  title?: string;
  description?: string;
  default?: unknown;
  type?: unknown;
  enum?: readonly (string | null)[];
}

/** An entry for each key of a file that people write; `definitions` are those of its schema. */
export function keyEntries(keys: Record<string, Key>, definitions: Record<string, Key>): string[] {
  return Object.entries(keys).flatMap(([name, { $ref = '', ...own }]) => {
    const key = { ...definitions[$ref.replace('#/definitions/', '')], ...own };
    const what = own.description ?? kind(key);
    const meaning = own.default === undefined ? what : `${what} (default: ${JSON.stringify(own.default)})`;
    return entry(bold(name), meaning);
  });
}

function kind({ title, type, enum: values }: Key): string {
  if (title !== undefined) return title;
  if (values !== undefined) return values.filter((value) => value !== null).join(', ');
  return [type].flat().includes('boolean') ? 'true or false' : 'a text';
}
