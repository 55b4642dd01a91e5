import { readFileSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { type ListeningSocket, listeningSockets } from '../linux/listening-sockets.ts';
import type { ServiceName } from '../service-name.ts';
import type { Systemd, UnitSummary } from '../systemd/systemd.ts';
import { unitProcesses } from '../systemd/unit-processes.ts';
import { unitSockets } from '../systemd/unit-sockets.ts';
import type { DeploymentRecord } from './record.ts';

/** A socket that a service listens on, or systemd for it. */
export interface ServicePort extends ListeningSocket {
  service: ServiceName;
  /** The unit that it belongs to: a socket unit where systemd listens. */
  unit: string;
  /** The process that listens, by the number that it has on the host; null for systemd. */
  pid: number | null;
  /** The name of the process, which it gives itself. */
  process: string;
}

/**
 * All sockets that the running units of services listen on; the ones that systemd holds, once and as systemd's. Sorted
 * within each service.
 */
export async function servicePorts(
  records: readonly DeploymentRecord[],
  systemd: Pick<Systemd, 'summaries'>,
): Promise<ServicePort[]> {
  const names = records.flatMap(({ units }) => units);
  // In one question for all: of many services, most would wait for their turn.
  const summaries = await systemd.summaries(names);
  const states = new Map(names.map((name, index) => [name, summaries[index]]));
  return (await Promise.all(records.map((record) => portsOf(record, states)))).flat();
}

async function portsOf(
  { service, units }: DeploymentRecord,
  states: ReadonlyMap<string, UnitSummary | undefined>,
): Promise<ServicePort[]> {
  const ports = new Map<string, ServicePort>();
  const add = (key: string, port: ServicePort) => {
    if (!ports.has(key)) ports.set(key, port);
  };
  // Sockets come last among the units, and what the service has of them is listed as theirs.
  for (const unit of units.toReversed()) {
    const { activeState, controlGroup = '' } = states.get(unit) ?? {};
    if (unit.endsWith('.socket')) {
      const sockets = activeState === 'active' ? await unitSockets(unit) : [];
      for (const socket of sockets)
        add(keyOf(socket), { service, unit, ...socket, pid: null, process: 'systemd' });
      continue;
    }
    for (const pid of unitProcesses(controlGroup)) {
      for (const [inode, socket] of listeningSockets(pid)) {
        if (ports.get(keyOf(socket))?.pid === null) continue;
        // Several processes may have one socket, and several sockets one address.
        add(inode, { service, unit, ...socket, pid, process: processName(pid) });
      }
    }
  }
  return [...ports.values()].sort(
    (a, b) =>
      a.protocol.localeCompare(b.protocol) ||
      (a.port ?? 0) - (b.port ?? 0) ||
      a.address.localeCompare(b.address),
  );
}

function keyOf({ protocol, address, port }: ListeningSocket): string {
  return `${protocol} ${address} ${port ?? ''}`;
}

function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}
