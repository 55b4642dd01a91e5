import { definition, SCHEMAS, type Schema } from './documents.ts';

/**
 * What schemas know and none of these documents had, as paths such as `prune.images[]`: nobody has tried that part. What
 * several schemas refer to is told by the name of its definition, and need be in one document only.
 */
export function unseenParts(documents: ReadonlyMap<string, readonly unknown[]>): string[] {
  const seen = new Set<string>();
  for (const [name, each] of documents) {
    for (const document of each)
      for (const path of pathsIn(SCHEMAS.get(name) ?? {}, document, name)) seen.add(path);
  }
  const roots = [...SCHEMAS].flatMap(([name, schema]) => [
    ...(documents.has(name) ? [[name, schema] as const] : []),
    ...Object.entries(schema.$defs ?? {}),
  ]);
  const known = new Set(roots.flatMap(([name, schema]) => [...pathsOf(schema, name)]));
  return [...known].filter((path) => !seen.has(path));
}

/** Every part of a schema, but for those that it refers to. */
function* pathsOf({ anyOf = [], items, properties = {} }: Schema, path: string): Generator<string> {
  yield path;
  for (const each of anyOf) if (each.type !== 'null') yield* pathsOf(each, path);
  if (items !== undefined) yield* pathsOf(items, `${path}[]`);
  for (const [key, each] of Object.entries(properties)) yield* pathsOf(each, `${path}.${key}`);
}

/** Every part that a value has, with those that its schema refers to. */
function* pathsIn(schema: Schema, value: unknown, path: string): Generator<string> {
  const { $ref = '', anyOf = [], items, properties = {} } = schema;
  if (value === null) return;
  yield path;
  if ($ref !== '') yield* pathsIn(definition($ref), value, $ref.replace(/^.*\//, ''));
  for (const each of anyOf) if (fits(value, each)) yield* pathsIn(each, value, path);
  if (Array.isArray(value)) for (const item of value) yield* pathsIn(items ?? {}, item, `${path}[]`);
  for (const [key, each] of Object.entries(properties)) {
    yield* pathsIn(each, (value as Record<string, unknown>)[key], `${path}.${key}`);
  }
}

/** Whether a value is of this alternative: those of one schema differ in their keys. */
function fits(value: unknown, { $ref, type, items = {}, properties = {} }: Schema): boolean {
  if ($ref !== undefined) return fits(value, definition($ref));
  if (type === 'array') return Array.isArray(value) && value.every((item) => fits(item, items));
  return type !== 'null' && Object.keys(properties).every((key) => Object.hasOwn(Object(value), key));
}
