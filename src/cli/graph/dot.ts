import type { ServiceGraph } from '../../deployment/service-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { relationWord } from './words.ts';

/** The graph in the language of Graphviz. An arrow leads from a unit to what it waits for. */
export function drawDot({ nodes, edges }: ServiceGraph): string {
  const lines = [
    'digraph services {',
    '  rankdir=RL',
    '  node [shape=box, style=rounded, fontname="sans-serif"]',
    ...nodes.map(({ unit, service, state }) => {
      const label = state === null ? quoted(unit) : quoted(unit, state);
      return `  ${quoted(unit)} [label=${label}${service === null ? ', style="rounded,dashed"' : ''}]`;
    }),
    ...edges.map((edge) => {
      const style = NEEDS.includes(edge.kind) ? '' : ', style=dashed';
      return `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(relationWord(edge))}${style}]`;
    }),
    '}',
  ];
  return lines.join('\n');
}

/** A quoted text of one or more lines. Names of units have backslashes in them. */
function quoted(...lines: string[]): string {
  return `"${lines.map((line) => line.replace(/["\\]/g, (character) => `\\${character}`)).join('\\n')}"`;
}
