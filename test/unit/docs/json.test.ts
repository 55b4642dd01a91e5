import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineAll } from '../../../src/cli/define-all.ts';
import { pageName, schemaName } from '../../../src/man/command-page.ts';
import { manPages, withAll } from '../../../src/man/man-pages.ts';
import { escapeRoff } from '../../../src/man/roff.ts';
import { checkDocument, definition, SCHEMAS, type Schema } from '../../schemas/documents.ts';
import { knownParts } from '../../schemas/parts.ts';
import { readPage } from './pages.ts';

/** Where parts are that several documents have. */
const PARTS = 'parts';

const commands = withAll(await defineAll()).filter((command) => schemaName(command) !== undefined);
const names = commands.map((command) => schemaName(command) ?? '');

describe('the schemas of what --json prints', () => {
  it('are one for every command that has --json, and docs/json.md lists them', () => {
    assert.deepEqual([...SCHEMAS.keys()], [...names, PARTS].sort());
    const { text } = readPage('docs/json.md');
    const listed = [...text.matchAll(/\]\(\.\.\/schemas\/v1\/(.*)\.schema\.json\)/g)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), [...SCHEMAS.keys()]);
  });

  it('are named in the pages of the manual', async () => {
    const pages = await manPages(new Date());
    for (const command of commands) {
      const page = pages.get(`${pageName(command)}.1`) ?? '';
      assert.ok(page.includes(escapeRoff(`schemas/v1/${schemaName(command)}.schema.json`)), command.name());
    }
  });

  it('are named by their version, describe every key, and leave none out', () => {
    for (const [name, schema] of SCHEMAS) {
      assert.equal(schema.$id, `https://berth.invalid/schemas/v1/${name}.schema.json`);
      for (const { required, properties = {}, additionalProperties } of objectsOf(schema)) {
        if (typeof additionalProperties === 'object') continue;
        assert.deepEqual(required, Object.keys(properties), name);
        assert.equal(additionalProperties, false, name);
        for (const [key, { description = '' }] of Object.entries(properties)) {
          assert.match(description, /\.$/, `${name}: ${key}`);
        }
      }
    }
  });

  it('call the name of a service by one word', () => {
    for (const [path, { description }] of knownParts()) {
      if (description === 'Name of the service.') assert.match(path, /\.service$/);
    }
  });

  for (const name of names) {
    it(`fail on a wrong document: ${name}`, () => {
      const schema = SCHEMAS.get(name) ?? {};
      for (const document of (schema.anyOf ?? [schema]).map(exampleOf)) {
        assert.deepEqual(checkDocument(name, document), []);
        const wrong = [...mutations(document)];
        assert.ok(wrong.length > 2);
        for (const each of wrong) {
          assert.notDeepEqual(checkDocument(name, each), [], JSON.stringify(each));
        }
      }
    });
  }
});

/** All schemas of objects in a schema. */
function objectsOf(schema: Schema): Schema[] {
  const { items, anyOf = [], properties = {}, $defs = {}, type } = schema;
  const below = [...(items ? [items] : []), ...anyOf, ...Object.values({ ...properties, ...$defs })];
  return [...(type === 'object' ? [schema] : []), ...below.flatMap(objectsOf)];
}

/** A document with everything that the schema knows: an item in each list, and nothing null that need not be. */
function exampleOf(schema: Schema): unknown {
  const { $ref, anyOf, items, properties, additionalProperties, type } = schema;
  if ($ref !== undefined) return exampleOf(definition($ref));
  if (anyOf !== undefined) return exampleOf(anyOf[0] ?? {});
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, exampleOf(each)]));
  if (typeof additionalProperties === 'object') return {};
  if (items !== undefined) return Array.from({ length: schema.minItems ?? 1 }, () => exampleOf(items));
  if (type === 'boolean') return true;
  return [type].flat().some((each) => each === 'integer' || each === 'number')
    ? (schema.minimum ?? 0)
    : textOf(schema);
}

function textOf({ const: fixed, enum: values, pattern, format }: Schema): unknown {
  if (pattern !== undefined) return `sha256:${'0'.repeat(64)}`;
  return fixed ?? values?.[0] ?? (format === undefined ? '' : '2026-01-31T12:00:00.123456Z');
}

/** What nothing in a document may be. */
const NOTHING_KNOWN = [[]];

/** The document, each time with one thing wrong: a value of another type, a key too many, a key too few. */
function* mutations(value: unknown): Generator<unknown> {
  yield Array.isArray(value) ? {} : NOTHING_KNOWN;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      for (const wrong of mutations(item)) yield value.with(index, wrong);
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, unknown: NOTHING_KNOWN };
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
      for (const wrong of mutations(item)) yield { ...value, [key]: wrong };
    }
  }
}
