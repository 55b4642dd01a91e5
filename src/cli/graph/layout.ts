import type { GraphEdge, ServiceGraph } from '../../deployment/service-graph.ts';

/** Something that has a place in a layer: a unit, or a bend of a line that passes the layer. */
export interface Slot {
  /** Undefined for a bend. */
  unit: string | undefined;
  layer: number;
  /** From the top of its layer. */
  row: number;
}

/** A line from what starts first to what waits for it, by way of a slot in every layer between them. */
export interface Route {
  edge: GraphEdge;
  slots: Slot[];
}

export interface Layout {
  layers: Slot[][];
  routes: Route[];
}

const SWEEPS = 8;

/**
 * Places units in layers so that each comes behind all that it waits for, and orders the layers so that
 * few lines cross (Sugiyama's method: layers, bends, barycentres).
 */
export function layOut(graph: ServiceGraph): Layout {
  const depths = measureDepths(graph);
  const layers: Slot[][] = [];
  const put = (unit: string | undefined, layer: number): Slot => {
    while (layers.length <= layer) layers.push([]);
    const slot = { unit, layer, row: layers[layer]?.length ?? 0 };
    layers[layer]?.push(slot);
    return slot;
  };
  const slots = new Map(
    graph.nodes
      .map(({ unit }) => unit)
      .sort()
      .map((unit) => [unit, put(unit, depths.get(unit) ?? 0)]),
  );
  const routes = graph.edges.flatMap((edge): Route[] => {
    const [first, last] = [slots.get(edge.to), slots.get(edge.from)];
    if (first === undefined || last === undefined) return [];
    const bends: Slot[] = [];
    for (let layer = first.layer + 1; layer < last.layer; layer += 1) bends.push(put(undefined, layer));
    return [{ edge, slots: [first, ...bends, last] }];
  });
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) sortLayers(layers, routes, sweep % 2 === 0);
  return { layers, routes };
}

/** How many units must start one after the other before each. In a cycle one line leads back. */
function measureDepths({ nodes, edges }: ServiceGraph): Map<string, number> {
  const depths = new Map<string, number>();
  const visiting = new Set<string>();
  const measure = (unit: string): number => {
    const known = depths.get(unit);
    if (known !== undefined) return known;
    if (visiting.has(unit)) return -1;
    visiting.add(unit);
    const below = edges.filter(({ from }) => from === unit).map(({ to }) => measure(to));
    const depth = Math.max(-1, ...below) + 1;
    depths.set(unit, depth);
    return depth;
  };
  for (const { unit } of nodes) measure(unit);
  return depths;
}

/** Puts the slots of each layer into the order of the middle of what they are joined to in the one before. */
function sortLayers(layers: Slot[][], routes: readonly Route[], forward: boolean): void {
  const joined = new Map<Slot, Slot[]>();
  for (const { slots } of routes) {
    for (const [index, slot] of slots.entries()) {
      const neighbour = slots[index + (forward ? -1 : 1)];
      if (neighbour !== undefined) joined.set(slot, [...(joined.get(slot) ?? []), neighbour]);
    }
  }
  for (const layer of forward ? layers : layers.toReversed()) {
    const middle = (slot: Slot) => {
      const others = joined.get(slot) ?? [];
      return others.length === 0 ? slot.row : others.reduce((sum, { row }) => sum + row, 0) / others.length;
    };
    const middles = new Map(layer.map((slot) => [slot, middle(slot)]));
    layer.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
    for (const [row, slot] of layer.entries()) slot.row = row;
  }
}
