import type { Systemd } from './systemd.ts';
import { UnitGraph } from './unit-graph.ts';
import { type Link, NEEDS, type UnitLinks } from './unit-links.ts';

/**
 * The graph of units and of all that they wait for or need, directly or not, as systemd has it; over
 * it lie `planned` units, of which systemd does not know yet. It is read along the links, so that a
 * host's other units cost nothing.
 */
export async function loadGraph(
  systemd: Pick<Systemd, 'links'>,
  units: readonly string[],
  planned: readonly UnitLinks[] = [],
): Promise<UnitGraph> {
  const known: UnitLinks[] = [];
  const asked = new Set<string>();
  let next = [...units, ...planned.flatMap(({ name, links }) => [name, ...followed(links)])];
  while (next.length > 0) {
    for (const unit of next) asked.add(unit);
    const found = await systemd.links([...new Set(next)]);
    for (const { name, aliases } of found) for (const own of [name, ...aliases]) asked.add(own);
    known.push(...found);
    next = found.flatMap(({ links }) => followed(links)).filter((unit) => !asked.has(unit));
  }
  return new UnitGraph([...known, ...planned]);
}

/** The units that must be known to order and check those of these links. */
function followed(links: readonly Link[]): string[] {
  return links.filter(({ kind }) => kind === 'After' || NEEDS.includes(kind)).map(({ to }) => to);
}
