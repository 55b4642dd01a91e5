import type { GraphEdge, ServiceGraph } from '../../deployment/service-graph.ts';
import { relationWord } from './words.ts';

/**
 * The graph as lines for a terminal: each service that nothing else waits for, and below it what it
 * waits for. What stands further up with all that is below it is not drawn a second time.
 */
export function drawTree(graph: ServiceGraph): string[] {
  const tree = new Tree(graph);
  const waitedFor = new Set(graph.edges.map(({ to }) => to));
  const services = graph.nodes
    .filter(({ service }) => service !== null)
    .map(({ unit }) => unit)
    .sort();
  for (const unit of services) if (!waitedFor.has(unit)) tree.root(unit);
  // What is left waits for each other.
  for (const unit of services) if (!tree.drawn.has(unit)) tree.root(unit);
  return tree.lines;
}

class Tree {
  readonly lines: string[] = [];
  readonly drawn = new Set<string>();
  readonly #graph: ServiceGraph;

  constructor(graph: ServiceGraph) {
    this.#graph = graph;
  }

  root(unit: string): void {
    this.#draw(unit, '', '');
  }

  #draw(unit: string, first: string, rest: string): void {
    const state = this.#graph.nodes.find((node) => node.unit === unit)?.state ?? null;
    const edges = this.#graph.edges.filter(({ from }) => from === unit).sort(compareEdges);
    const again = this.drawn.has(unit) && edges.length > 0;
    this.lines.push(`${first}${unit}${state === null ? '' : `  ${state}`}${again ? '  (see above)' : ''}`);
    if (this.drawn.has(unit)) return;
    this.drawn.add(unit);
    for (const [index, edge] of edges.entries()) {
      const last = index === edges.length - 1;
      const branch = `${rest}${last ? '└─' : '├─'} ${relationWord(edge)} `;
      this.#draw(edge.to, branch, `${rest}${last ? '   ' : '│  '}`);
    }
  }
}

/** What is needed before what is only waited for. */
function compareEdges(a: GraphEdge, b: GraphEdge): number {
  const rank = ({ kind }: GraphEdge) => (kind === 'After' ? 1 : 0);
  return rank(a) - rank(b) || (a.to < b.to ? -1 : 1);
}
