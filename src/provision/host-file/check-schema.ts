import { quote } from '../../reference/quote.ts';
import type { Mistakes } from './mistakes.ts';
import { nearest, nearestFirst } from './nearest.ts';
import {
  keyPath,
  type TreeEntry,
  type TreeList,
  type TreeMapping,
  type TreeNode,
  type TreeScalar,
} from './tree.ts';

/** What schemas/host.schema.json uses of JSON Schema draft-07. `title` says what is allowed, behind "must be". */
export interface Schema {
  $ref?: string;
  title?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  required?: string[];
  definitions?: Record<string, Schema>;
}

const MOST_KEYS_SHOWN = 12;

const TYPE_WORDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
};

/** The tree with whatever the schema does not allow marked as broken; each is told as a mistake. */
export function checkSchema(tree: TreeNode, root: Schema, mistakes: Mistakes): TreeNode {
  return new SchemaCheck(root, mistakes).node(tree, root, '');
}

class SchemaCheck {
  readonly #root: Schema;
  readonly #mistakes: Mistakes;

  constructor(root: Schema, mistakes: Mistakes) {
    this.#root = root;
    this.#mistakes = mistakes;
  }

  node(node: TreeNode, schema: Schema, path: string): TreeNode {
    const rules = this.#resolve(schema);
    if (node.kind === 'broken') return node;
    if (!isAllowed(node, rules)) {
      const shown = path === '' ? 'the file' : path;
      this.#mistakes.add(node.position, `${shown} must be ${allowed(rules)}, not ${describe(node)}`);
      return { kind: 'broken', position: node.position };
    }
    if (node.kind === 'list') return this.#list(node, rules, path);
    if (node.kind === 'mapping') return this.#mapping(node, rules, path);
    return node;
  }

  #list(list: TreeList, { items = {}, minItems = 0, maxItems }: Schema, path: string): TreeNode {
    if (list.items.length < minItems) {
      this.#mistakes.add(
        list.position,
        `${path} has no item: add one, each ${allowed(this.#resolve(items))}`,
      );
    }
    if (maxItems !== undefined && list.items.length > maxItems) {
      this.#mistakes.add(list.position, `${path} has more than ${maxItems} items`);
      return { kind: 'broken', position: list.position };
    }
    return { ...list, items: list.items.map((item, index) => this.node(item, items, `${path}[${index}]`)) };
  }

  #mapping(mapping: TreeMapping, rules: Schema, path: string): TreeNode {
    const { properties = {}, additionalProperties = true, required = [] } = rules;
    const entries = new Map<string, TreeEntry>();
    for (const [key, { key: position, value }] of mapping.entries) {
      const schema = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      if (typeof schema === 'object') {
        entries.set(key, { key: position, value: this.node(value, schema, keyPath(path, key)) });
      } else {
        const where = path === '' ? '' : `${path}: `;
        this.#mistakes.add(
          position,
          `${where}unknown key ${quote(key)}: ${instead(key, Object.keys(properties))}`,
        );
      }
    }
    for (const key of required.filter((name) => !mapping.entries.has(name))) {
      const rule = allowed(this.#resolve(properties[key] ?? {}));
      this.#mistakes.add(mapping.position, `${keyPath(path, key)} is missing: it must be ${rule}`);
    }
    return { ...mapping, entries };
  }

  #resolve(schema: Schema): Schema {
    const name = schema.$ref?.replace('#/definitions/', '');
    return name === undefined ? schema : (this.#root.definitions?.[name] ?? {});
  }
}

function isAllowed(node: TreeScalar | TreeList | TreeMapping, rules: Schema): boolean {
  const { type, pattern, minimum, maximum } = rules;
  if (type !== undefined && ![type].flat().some((name) => isOfType(node, name))) return false;
  const values = rules.enum ?? ('const' in rules ? [rules.const] : undefined);
  if (node.kind !== 'scalar') return values === undefined;
  if (values !== undefined) return values.some((value) => String(value) === node.text && typeIs(value, node));
  if (node.type === 'string') return pattern === undefined || new RegExp(pattern).test(node.text);
  if (node.type !== 'number') return true;
  const number = Number(node.text);
  return !(number < (minimum ?? number)) && !(number > (maximum ?? number));
}

function isOfType(node: TreeNode, type: string): boolean {
  if (node.kind !== 'scalar') return type === (node.kind === 'list' ? 'array' : 'object');
  return (
    node.type === type ||
    (type === 'integer' && node.type === 'number' && Number.isInteger(Number(node.text)))
  );
}

function typeIs(value: unknown, { type }: TreeScalar): boolean {
  return type === (value === null ? 'null' : typeof value);
}

/** What may stand somewhere, as it goes on behind "must be". */
function allowed({ title, type, enum: values, ...rules }: Schema): string {
  if (title !== undefined) return title;
  if ('const' in rules) return String(rules.const);
  const words = values ?? [type ?? []].flat().map((name) => TYPE_WORDS[name] ?? null);
  return listed(words.filter((word) => word !== null).map(String));
}

function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');
}

function instead(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const shown = known.length > MOST_KEYS_SHOWN ? nearestFirst(key, known).slice(0, MOST_KEYS_SHOWN) : known;
  return `known here are ${shown.join(', ')}${shown.length < known.length ? ' …' : ''}`;
}

function describe(node: TreeScalar | TreeList | TreeMapping): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'mapping') return 'a mapping';
  if (node.type === 'null') return 'empty';
  return node.type === 'string' ? quote(node.text) : node.text;
}
