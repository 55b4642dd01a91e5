import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { listServices, readCurrentRecord } from './record.ts';
import { type Relation, readRelations } from './relations.ts';

export interface GraphNode {
  unit: string;
  /** Null for a unit that berth did not install. */
  service: ServiceName | null;
  /** ActiveState, or the load state of a unit that is not there; null where no systemd runs. */
  state: string | null;
}

/** `from` needs or waits for `to`. */
export interface GraphEdge extends Relation {
  from: string;
}

/** Services, and what they wait for. */
export interface ServiceGraph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/**
 * The graph of services and of the units that they need or wait for; of the host's units only those
 * that a service names itself. Names of services that are not installed add nothing.
 */
export async function readServiceGraph(
  names: readonly ServiceName[],
  paths: Paths,
  systemd: Systemd,
): Promise<ServiceGraph> {
  const owners = new Map<string, ServiceName>();
  for (const name of listServices(paths)) {
    for (const unit of readCurrentRecord(paths, name)?.units ?? []) owners.set(unit, name);
  }
  const wanted = [...owners].filter(([, owner]) => names.includes(owner)).map(([unit]) => unit);
  const units = new Set(wanted);
  const edges: GraphEdge[] = [];
  // The set grows while it is read.
  for (const unit of units) {
    if (!owners.has(unit)) continue;
    for (const relation of await readRelations(unit, systemd)) {
      units.add(relation.to);
      edges.push({ from: unit, ...relation });
    }
  }
  const nodes = [...units].map(async (unit): Promise<GraphNode> => {
    const { loadState, activeState } = await systemd.state(unit);
    const missing = loadState === 'not-found' || loadState === 'masked';
    return {
      unit,
      service: owners.get(unit) ?? null,
      state: missing ? loadState : systemd.live ? activeState : null,
    };
  });
  return { nodes: await Promise.all(nodes), edges };
}

/** The graph without order that follows from the rest: what is left says the same and is easier to read. */
export function withoutImplied({ nodes, edges }: ServiceGraph): ServiceGraph {
  const targets = Map.groupBy(
    edges.filter(({ ordered }) => ordered),
    ({ from }) => from,
  );
  const implied = ({ from, to, kind }: GraphEdge) => {
    if (kind !== 'After') return false;
    const reached = new Set((targets.get(from) ?? []).map((edge) => edge.to).filter((unit) => unit !== to));
    for (const unit of reached) for (const edge of targets.get(unit) ?? []) reached.add(edge.to);
    return reached.has(to);
  };
  return { nodes, edges: edges.filter((edge) => !implied(edge)) };
}
