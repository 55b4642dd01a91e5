import { definition, SCHEMAS, type Schema } from './documents.ts';

/**
 * Every part of the schemas, by paths such as `prune.images[]`. What several schemas refer to is named by its definition,
 * as in `deployment.digest`.
 */
export function knownParts(): Map<string, Schema> {
  const roots = [...SCHEMAS].flatMap(([name, schema]) => {
    const { $defs = {}, ...document } = schema;
    return [[name, document] as const, ...Object.entries($defs)];
  });
  return new Map(roots.flatMap(([name, schema]) => [...partsOf(schema, name)]));
}

/** The parts that none of these documents had, by the names of their schemas: nobody has tried those. */
export function unseenParts(documents: ReadonlyMap<string, readonly unknown[]>): string[] {
  const printed = [...documents].flatMap(([name, each]) => each.map((document) => ({ name, document })));
  const seen = new Set(
    printed.flatMap(({ name, document }) => [...pathsIn(document, SCHEMAS.get(name) ?? {}, name)]),
  );
  return [...knownParts().keys()].filter((path) => !seen.has(path));
}

function* partsOf(schema: Schema, path: string): Generator<[string, Schema]> {
  const { anyOf = [], items, properties = {}, $ref, type } = schema;
  if (type !== undefined || $ref !== undefined) yield [path, schema];
  for (const each of anyOf) if (each.type !== 'null') yield* partsOf(each, path);
  if (items !== undefined) yield* partsOf(items, `${path}[]`);
  for (const [key, each] of Object.entries(properties)) yield* partsOf(each, `${path}.${key}`);
}

/** Every part that a value has, with those that its schema refers to. */
function* pathsIn(value: unknown, schema: Schema, path: string): Generator<string> {
  const { $ref = '', anyOf = [], items = {}, properties = {} } = schema;
  if (value === null) return;
  yield path;
  if ($ref !== '') yield* pathsIn(value, definition($ref), $ref.replace(/^.*\//, ''));
  for (const each of anyOf) if (fits(value, each)) yield* pathsIn(value, each, path);
  if (Array.isArray(value)) for (const item of value) yield* pathsIn(item, items, `${path}[]`);
  for (const [key, each] of Object.entries(properties)) {
    yield* pathsIn((value as Record<string, unknown>)[key], each, `${path}.${key}`);
  }
}

/** Whether a value is of this alternative: those of one schema differ in their keys. */
function fits(value: unknown, { $ref, type, items = {}, properties = {} }: Schema): boolean {
  if ($ref !== undefined) return fits(value, definition($ref));
  if (type === 'array') return Array.isArray(value) && value.every((item) => fits(item, items));
  return type !== 'null' && Object.keys(properties).every((key) => Object.hasOwn(Object(value), key));
}
