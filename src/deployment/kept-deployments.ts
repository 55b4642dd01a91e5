import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { type DeploymentRecord, listDeployments, readRecord, readVendorRecord } from './record.ts';
import { onHost } from './vendor-files.ts';

/** The records of all deployments that can be live: the vendor's, if there is one, and the host's own, lowest first. */
export function keptDeployments(paths: Paths, name: ServiceName): DeploymentRecord[] {
  const vendor = readVendorRecord(paths, name);
  const own = listDeployments(paths, name).map((number) => readRecord(paths, name, number));
  return [...(vendor === undefined ? [] : [vendor]), ...own];
}

/**
 * The deployments of a service that go when another becomes the live one: all but that, the one that is
 * live until now, and the newest of the others, so that at most `keep` stay.
 */
export function surplusDeployments(
  paths: Paths,
  name: ServiceName,
  { from, to, keep }: { from: number; to: number; keep: number },
): number[] {
  const others = listDeployments(paths, name).filter((number) => number !== from && number !== to);
  return others.slice(0, Math.max(0, others.length - Math.max(0, keep - 2)));
}

/**
 * A record with all that deployments which are kept have made: directories and state of one that is
 * not live are to be removed with the service all the same.
 */
export function withKept(record: DeploymentRecord, paths: Paths): DeploymentRecord {
  const all = keptDeployments(paths, record.service).map(onHost);
  const union = (lists: string[][]) => [...new Set(lists.flat())].sort();
  return {
    ...onHost(record),
    directories: union(all.map(({ directories }) => directories)),
    state: union(all.map(({ state }) => state)),
  };
}
