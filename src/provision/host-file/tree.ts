import { quote } from '../../reference/quote.ts';
import type { Position } from '../declared-service.ts';

/** A value of a file, and where it stands. */
export type TreeNode = TreeScalar | TreeList | TreeMapping | TreeBroken;

export interface TreeScalar {
  kind: 'scalar';
  /** As it is written, so that 1.10 stays 1.10. */
  text: string;
  /** YAML 1.2, 10.3.2: what is quoted is a string. */
  type: 'string' | 'number' | 'boolean' | 'null';
  quoted: boolean;
  position: Position;
}

export interface TreeList {
  kind: 'list';
  items: TreeNode[];
  position: Position;
}

export interface TreeMapping {
  kind: 'mapping';
  entries: Map<string, TreeEntry>;
  position: Position;
}

export interface TreeEntry {
  /** Where the key stands. */
  key: Position;
  value: TreeNode;
}

/** Something was wrong here, and has been said: nobody complains of its absence. */
export interface TreeBroken {
  kind: 'broken';
  position: Position;
}

/** The type of a plain scalar (YAML 1.2, 10.3.2, the core schema). */
export function plainType(text: string): TreeScalar['type'] {
  if (/^(?:~|null|Null|NULL)?$/.test(text)) return 'null';
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return 'boolean';
  const isNumber =
    /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text);
  return isNumber ? 'number' : 'string';
}

/** True for a key that is there, even a broken one; null takes a key out. */
export function has({ entries }: TreeMapping, key: string): boolean {
  const value = entries.get(key)?.value;
  return value !== undefined && !(value.kind === 'scalar' && value.type === 'null');
}

/** The value of a key; undefined where it is not of this kind. */
export function at<Kind extends TreeNode['kind']>(
  mapping: TreeMapping,
  key: string,
  kind: Kind,
): Extract<TreeNode, { kind: Kind }> | undefined {
  const value = has(mapping, key) ? mapping.entries.get(key)?.value : undefined;
  return value?.kind === kind ? (value as Extract<TreeNode, { kind: Kind }>) : undefined;
}

/** The path of a key, as messages name it. */
export function keyPath(path: string, key: string): string {
  const name = /^[\w@.$-]+$/.test(key) ? key : quote(key);
  return path === '' ? name : `${path}.${name}`;
}

/** What a boolean says, in any of YAML's spellings. */
export function isTrue({ text }: TreeScalar): boolean {
  return text.toLowerCase() === 'true';
}

/** The items of the list at a key that are scalars; none without a list. */
export function scalarsAt(mapping: TreeMapping, key: string): TreeScalar[] {
  return (at(mapping, key, 'list')?.items ?? []).filter((item) => item.kind === 'scalar');
}

/** `base` with `over` laid upon it: mappings key by key, all else is replaced. null replaces, too. */
export function mergeTrees(base: TreeMapping, over: TreeMapping): TreeMapping {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    entries.set(
      key,
      below?.value.kind === 'mapping' && entry.value.kind === 'mapping'
        ? { key: below.key, value: mergeTrees(below.value, entry.value) }
        : entry,
    );
  }
  return { ...base, entries };
}
