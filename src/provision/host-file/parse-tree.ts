import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
} from 'yaml';
import { quote } from '../../reference/quote.ts';
import type { Position } from '../declared-service.ts';
import type { Mistakes } from './mistakes.ts';
import { plainType, type TreeEntry, type TreeMapping, type TreeNode } from './tree.ts';

/** Reads YAML as it is written: no types are guessed but those of plain scalars, no aliases, no tags. Undefined for broken YAML. */
export function parseTree(text: string, file: string, mistakes: Mistakes): TreeNode | undefined {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = compose(text, lines);
  if (document === undefined) {
    mistakes.add(at(lines.lineStarts.at(-1) ?? 0), `not YAML: ${ADVICE['RESOURCE_EXHAUSTION']}`);
    return undefined;
  }
  if (document.directives.yaml.explicit) {
    mistakes.add(at(0), 'a %YAML directive: leave it out, the file is YAML 1.2');
  }
  const told = new Set<number>();
  for (const { code, message, pos } of document.errors) {
    const position = at(pos[0]);
    // One cause is often told several times.
    if (told.has(position.line)) continue;
    told.add(position.line);
    mistakes.add(position, `not YAML: ${ADVICE[code] ?? message.split('\n')[0]}`);
    if (code === 'RESOURCE_EXHAUSTION') break;
  }
  if (document.errors.length > 0) return undefined;
  if (document.contents === null)
    return { kind: 'scalar', text: '', type: 'null', quoted: false, position: at(0) };
  return new TreeBuilder(at, mistakes).node(document.contents);
}

const ADVICE: Record<string, string> = {
  TAB_AS_INDENT: 'a tab at the beginning of a line: indent with spaces',
  MULTIPLE_DOCS: 'a second document: write one file each, or leave out "---"',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};

/** Undefined for what is nested more deeply than the parser can follow, which calls itself for each level. */
function compose(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // Repeated keys are told of here, with both places.
    return parseDocument(text, {
      schema: 'failsafe',
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class TreeBuilder {
  readonly #at: (offset: number) => Position;
  readonly #mistakes: Mistakes;

  constructor(at: (offset: number) => Position, mistakes: Mistakes) {
    this.#at = at;
    this.#mistakes = mistakes;
  }

  node(node: ParsedNode): TreeNode {
    const position = this.#at(node.range[0]);
    const broken = (text: string): TreeNode => {
      this.#mistakes.add(position, text);
      return { kind: 'broken', position };
    };
    if (isAlias(node)) return broken(`an alias: ${quote(`*${node.source}`)}: write the value out`);
    if (node.tag !== undefined) return broken(`a tag: ${quote(node.tag)}: leave it out`);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.node(item));
      return { kind: 'list', items, position };
    }
    if (isMap(node)) return this.#mapping(node.items, position);
    const text = String(node.value ?? '');
    const quoted = node.type !== Scalar.PLAIN;
    return { kind: 'scalar', text, type: quoted ? 'string' : plainType(text), quoted, position };
  }

  #mapping(items: readonly { key: ParsedNode; value: ParsedNode | null }[], position: Position): TreeMapping {
    const entries = new Map<string, TreeEntry>();
    for (const { key, value } of items) {
      const place = this.#at(key.range[0]);
      const name = this.#key(key, place, entries);
      if (name === undefined) continue;
      // A key without a colon, as in {a, b}, has no node for its value.
      const empty: TreeNode = { kind: 'scalar', text: '', type: 'null', quoted: false, position: place };
      entries.set(name, { key: place, value: value === null ? empty : this.node(value) });
    }
    return { kind: 'mapping', entries, position };
  }

  #key(key: ParsedNode, place: Position, entries: ReadonlyMap<string, TreeEntry>): string | undefined {
    if (!isScalar(key) || key.tag !== undefined || key.value === '' || key.value === null) {
      this.#mistakes.add(place, 'not a key: a key is a text, without a tag or an alias');
      return undefined;
    }
    const name = String(key.value);
    if (name === '<<') {
      this.#mistakes.add(place, 'a merge key: write the keys out');
      return undefined;
    }
    const first = entries.get(name)?.key;
    if (first === undefined) return name;
    this.#mistakes.add(
      place,
      `the key ${quote(name)} is there twice: leave one out; the first is in line ${first.line}`,
    );
    return undefined;
  }
}
