import { quote } from '../../reference/quote.ts';
import type { Mistakes } from './mistakes.ts';
import { plainType, scalarsAt, type TreeMapping, type TreeNode, type TreeScalar } from './tree.ts';

// In turn: a dollar, a variable with or without a default, and a dollar that is neither.
const PLACES = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$/g;

/**
 * Puts variables of the environment into the texts of a file: `${NAME}` and `${NAME:-DEFAULT}`, of the names
 * that the file's own `environment` lists; `$$` is a dollar. Keys are left alone.
 */
export function expandVariables(tree: TreeMapping, env: NodeJS.ProcessEnv, mistakes: Mistakes): TreeMapping {
  const allowed = new Set(scalarsAt(tree, 'environment').map(({ text }) => text));
  const expand = (node: TreeNode): TreeNode => {
    switch (node.kind) {
      case 'scalar':
        return expandScalar(node, allowed, env, mistakes);
      case 'list':
        return { ...node, items: node.items.map(expand) };
      case 'mapping':
        return expandMapping(node);
      case 'broken':
        return node;
    }
  };
  const expandMapping = (mapping: TreeMapping): TreeMapping => ({
    ...mapping,
    entries: new Map(
      [...mapping.entries].map(([key, entry]) => [key, { ...entry, value: expand(entry.value) }]),
    ),
  });
  return expandMapping(tree);
}

function expandScalar(
  scalar: TreeScalar,
  allowed: ReadonlySet<string>,
  env: NodeJS.ProcessEnv,
  mistakes: Mistakes,
): TreeNode {
  if (!scalar.text.includes('$')) return scalar;
  const { position } = scalar;
  const before = mistakes.count;
  const text = scalar.text.replace(PLACES, (place, name?: string, preset?: string) => {
    if (place === '$$') return '$';
    if (name === undefined) {
      mistakes.add(position, `a "$" that begins no variable in ${quote(scalar.text)}: write $$, or \${NAME}`);
    } else if (!allowed.has(name)) {
      mistakes.add(position, `the variable ${name} is not allowed: add it to environment: in this file`);
    } else {
      // As in a shell, ":-" also stands in for an empty value.
      const value = preset === undefined ? env[name] : env[name] || preset;
      if (value !== undefined) return value;
      mistakes.add(position, `the variable ${name} is not set: set it, or write \${${name}:-DEFAULT}`);
    }
    return '';
  });
  if (mistakes.count > before) return { kind: 'broken', position };
  const type = scalar.quoted ? 'string' : plainType(text);
  // Only what is written as null takes a key out.
  return { ...scalar, text, type: type === 'null' ? 'string' : type };
}
