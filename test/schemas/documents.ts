import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** What these schemas use of JSON Schema 2020-12; `checkDocument` refuses all that they misspell. */
export interface Schema {
  $id?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  description?: string;
  type?: string | string[];
  const?: unknown;
  enum?: string[];
  pattern?: string;
  format?: string;
  minimum?: number;
  minItems?: number;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
}

const FOLDER = fileURLToPath(new URL('../../schemas/v1/', import.meta.url));
const ENDING = '.schema.json';

/** The schema files of what `--json` prints, by their names. */
export const SCHEMAS: ReadonlyMap<string, Schema> = new Map(
  globSync(`*${ENDING}`, { cwd: FOLDER })
    .map((file) => basename(file, ENDING))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name + ENDING), 'utf8'))]),
);

// Times are in UTC: of RFC 3339, the schemas promise less than the format allows.
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  allErrors: true,
  schemas: [...SCHEMAS.values()],
  formats: { 'date-time': TIME },
});

/** What of a document is not as its schema says, a line for each; nothing where all is. */
export function checkDocument(name: string, document: unknown): string[] {
  const id = SCHEMAS.get(name)?.$id ?? '';
  const validate = ajv.getSchema(id);
  if (validate === undefined) return [`${name}: no schema`];
  if (validate(document)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${name}${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

/** What a `$ref` means: no two files have a definition of the same name. */
export function definition(reference: string): Schema {
  const name = reference.replace(/^.*#\/\$defs\//, '');
  const [found, ...others] = [...SCHEMAS.values()].flatMap(({ $defs }) => $defs?.[name] ?? []);
  assert.ok(found !== undefined && others.length === 0, reference);
  return found;
}
