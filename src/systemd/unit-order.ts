import type { UnitGraph } from './unit-graph.ts';

/**
 * The units in an order in which they can start: each after those that it waits for, also by way of
 * units that are not asked for; apart from that as given. The reverse is the order to stop them in.
 * A cycle is for `findCycle`: here it is broken somewhere.
 */
export function orderUnits(graph: UnitGraph, units: readonly string[]): string[] {
  const asked = new Set(units.map((unit) => graph.name(unit)));
  const ordered: string[] = [];
  const seen = new Set<string>();
  for (const unit of asked) visit(graph, unit, seen, (left) => asked.has(left) && ordered.push(left));
  return ordered;
}

/** Depth first; a unit is left when all that it waits for has been. A long chain must not end the stack. */
function visit(graph: UnitGraph, start: string, seen: Set<string>, leave: (unit: string) => void): void {
  const path: { unit: string; left: string[] }[] = [];
  const enter = (unit: string) => {
    if (seen.has(unit)) return;
    seen.add(unit);
    path.push({ unit, left: graph.targets(unit, 'After').reverse() });
  };
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.left.pop();
    if (next !== undefined) {
      enter(next);
      continue;
    }
    path.pop();
    leave(top.unit);
  }
}

/**
 * The shortest cycle of units waiting for each other that one of these is part of: each waits for the
 * next, and the last is the first again. Cycles of other units are systemd's to break.
 */
export function findCycle(graph: UnitGraph, units: readonly string[]): string[] | undefined {
  let shortest: string[] | undefined;
  for (const unit of units) {
    const cycle = cycleThrough(graph, graph.name(unit));
    if (cycle !== undefined && cycle.length < (shortest?.length ?? Number.POSITIVE_INFINITY))
      shortest = cycle;
  }
  return shortest;
}

function cycleThrough(graph: UnitGraph, start: string): string[] | undefined {
  /** From where each unit was first reached. */
  const origin = new Map<string, string>();
  const queue = [start];
  for (const unit of queue) {
    for (const next of graph.targets(unit, 'After')) {
      if (next === start) return [...pathTo(unit, start, origin), start];
      if (origin.has(next)) continue;
      origin.set(next, unit);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(unit: string, start: string, origin: ReadonlyMap<string, string>): string[] {
  const path = [unit];
  for (let at = unit; at !== start; ) {
    at = origin.get(at) ?? start;
    path.unshift(at);
  }
  return path;
}
