import type { ListedUnit, ServiceSummary } from '../deployment/summary.ts';
import { rootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import { formatBytes } from './bytes.ts';
import { formatCpuTime } from './cpu-time.ts';
import type { Color, Output } from './output.ts';
import { shortDigest } from './short-digest.ts';
import { shownState } from './shown-state.ts';
import { stateColor } from './state-color.ts';

const HEADERS = [
  ...['NAME', 'STATE', 'ENABLED', 'SINCE', 'RESTARTS', 'MEMORY', 'CPU', 'IMAGE', 'DIGEST', 'DEPLOYMENT'],
  'ORIGIN',
];
const [STATE, IMAGE, ORIGIN] = ['STATE', 'IMAGE', 'ORIGIN'].map((header) => HEADERS.indexOf(header));
/** What a terminal may have no room for, least needed first. */
const SPARE = ['DEPLOYMENT', 'ENABLED', 'RESTARTS', 'DIGEST', 'CPU', 'MEMORY', 'SINCE'];

interface ServiceTableOptions {
  /** Also the other units of each service. */
  all?: boolean | undefined;
  legend?: boolean | undefined;
}

/** Prints services as a table. */
export function printServices(
  services: readonly ServiceSummary[],
  output: Output,
  { all, legend }: ServiceTableOptions,
): void {
  const rows = services.flatMap((service) => [
    serviceRow(service, output),
    ...(all ? service.units.slice(1).map((unit) => unitRow(unit, output)) : []),
  ]);
  // Where nothing came with the operating system, nobody asks.
  const several = services.some(({ origin }) => origin !== 'host');
  const columns = several ? HEADERS.length : ORIGIN;
  output.table(
    HEADERS.slice(0, columns),
    rows.map((row) => row.slice(0, columns)),
    { paint, legend, elastic: IMAGE, spare: SPARE.map((header) => HEADERS.indexOf(header)) },
  );
}

function serviceRow(service: ServiceSummary, output: Output): string[] {
  const { enabled, since, restarts, memoryBytes, cpuSeconds, digest, deployment, origin } = service;
  return [
    service.service,
    shownState(service),
    enabled ?? '-',
    since === null ? '-' : output.moment(since),
    String(restarts ?? '-'),
    memoryBytes === null ? '-' : formatBytes(memoryBytes),
    cpuSeconds === null ? '-' : formatCpuTime(cpuSeconds),
    imageOf(service),
    shortDigest(digest),
    String(deployment),
    origin,
  ];
}

function unitRow(unit: ListedUnit, output: Output): string[] {
  const { name, since } = unit;
  const told = [name, shownState(unit), '-', since === null ? '-' : output.moment(since)];
  return [...told, ...HEADERS.slice(told.length).map(() => '-')];
}

/** With what it runs on, where that says more. */
function imageOf({ image, rootfs }: ServiceSummary): string {
  return rootfs === null || image === rootfsImageName(rootfs) ? image : `${image} on ${rootfs}`;
}

function paint(text: string, column: number): Color | undefined {
  return column === STATE ? stateColor(text) : undefined;
}
