import type { GraphEdge } from '../../deployment/service-graph.ts';

/** How an edge reads between its two units: `docker.service` requires `etcd.service`. */
export function relationWord({ kind }: Pick<GraphEdge, 'kind'>): string {
  switch (kind) {
    case 'After':
      return 'after';
    case 'Requires':
      return 'requires';
    case 'Requisite':
      return 'needs running';
    case 'BindsTo':
      return 'bound to';
    case 'Wants':
      return 'wants';
    case 'PartOf':
      return 'part of';
  }
}
