import type { HiddenDeployment, Origin } from '../deployment/origin.ts';
import type { Pending } from '../deployment/pending.ts';
import type { ServiceStatus } from '../deployment/status.ts';
import type { StatusDetails } from '../deployment/status-details.ts';
import type { ListeningSocket } from '../linux/listening-sockets.ts';
import { formatBytes } from './bytes.ts';
import type { AvailableUpdate } from './check-updates.ts';
import { cut, wrap } from './columns.ts';
import { formatCpuTime } from './cpu-time.ts';
import { describeEntry } from './journal-text.ts';
import type { Output } from './output.ts';
import { shortDigest } from './short-digest.ts';
import { shownState } from './shown-state.ts';
import { stateColor } from './state-color.ts';

/** What `berth status` prints of a service; null is what was not asked for. */
export type ShownStatus = ServiceStatus &
  Origin & { [Key in keyof StatusDetails]: StatusDetails[Key] | null } & { update: AvailableUpdate | null };

/** What ends it, in words and as a command line. */
const PENDING: Record<Pending, string> = {
  recover: 'a change of it was interrupted: berth recover',
  reload: 'its unit files have changed: systemctl daemon-reload',
  restart: 'it runs what was live before: systemctl restart',
};

const KEY_WIDTH = 12;
const LOG_INDENT = '    ';

/** Prints statuses for a person, with an empty line between two of them. */
export function printStatuses(statuses: readonly ShownStatus[], output: Output): void {
  if (statuses.length === 0) return;
  const text = statuses.map((status) => describe(status, output).join('\n')).join('\n\n');
  output.data(text, { words: /(?<=^\S+ {2})[a-z-]+/gm, paint: stateColor });
}

function describe(status: ShownStatus, output: Output): string[] {
  const { service, since } = status;
  const when = since === null ? '' : ` since ${output.moment(since)}`;
  const width = output.width ?? Number.POSITIVE_INFINITY;
  const room = width - KEY_WIDTH;
  const facts = factsOf(status).filter(([, value]) => value !== '');
  return [
    `${service}  ${shownState(status)}${when}`,
    ...facts.flatMap(([key, value]) =>
      wrap(value, room).map((line, index) => `  ${(index === 0 ? key : '').padEnd(KEY_WIDTH - 2)}${line}`),
    ),
    ...logOf(status, width - LOG_INDENT.length),
  ];
}

function factsOf(status: ShownStatus): [string, string][] {
  const { why, image, digest, update, rootfs, deployment, origin, hides, enabled, mainPid, tasks, units } =
    status;
  const { result, restarts, memoryBytes, cpuSeconds, requires, after, pending, sockets, drift } = status;
  const others = units.slice(1).map((unit) => `, ${unit.name}: ${shownState(unit)}`);
  return [
    ['why', why ?? ''],
    ...pending.map((what): [string, string] => ['pending', describePending(what, status)]),
    ['image', `${image} (${shortDigest(digest)}), deployment ${deployment}`],
    ['update', update === null ? '' : describeUpdate(update, status)],
    ['signature', 'not checked'],
    ['origin', hides === null ? (origin === 'vendor' ? origin : '') : describeHidden(hides, status)],
    ['runs on', rootfs ?? ''],
    ['enabled', enabled ?? ''],
    ['result', result === null || result === 'success' ? '' : result],
    ['restarts', restarts === null || restarts === 0 ? '' : String(restarts)],
    ['main PID', mainPid === null ? '' : String(mainPid)],
    ['tasks', tasks === null ? '' : String(tasks)],
    ['memory', memoryBytes === null ? '' : formatBytes(memoryBytes)],
    ['CPU', cpuSeconds === null ? '' : formatCpuTime(cpuSeconds)],
    ['units', `${units[0]?.name ?? ''}${others.join('')}`],
    ['listens', (sockets ?? []).map(describeSocket).join(', ')],
    ['requires', requires.join(', ')],
    ['after', after.join(', ')],
    ...(drift ?? []).map(({ path, what }): [string, string] => ['drift', `${path}: ${what}`]),
  ];
}

/** The lines that tell why it failed, whole; or what it logged last, each cut to a line, as systemctl does. */
function logOf({ culprit, log }: ShownStatus, room: number): string[] {
  const failed = culprit !== null && culprit.log.length > 0;
  const lines = failed
    ? culprit.log.flatMap((line) => wrap(line, room))
    : (log ?? []).flatMap((entry) => describeEntry(entry).split('\n')).map((line) => cut(line, room));
  const title = failed ? `last lines of ${culprit.unit}:` : 'last lines:';
  return lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => LOG_INDENT + line)];
}

function describePending(what: Pending, { units }: ShownStatus): string {
  return what === 'restart' ? `${PENDING.restart} ${units[0]?.name}` : PENDING[what];
}

function describeUpdate({ available, digest }: AvailableUpdate, { service }: ShownStatus): string {
  return available ? `to ${shortDigest(digest)}: berth update ${service}` : 'none';
}

function describeSocket({ protocol, address, port }: ListeningSocket): string {
  return `${address}${port === null ? '' : `:${port}`} (${protocol})`;
}

function describeHidden(hidden: HiddenDeployment, { service }: ShownStatus): string {
  const what = `hides the vendor's deployment ${hidden.number} (${shortDigest(hidden.digest)})`;
  return hidden.isNew ? `${what}, which is newer; to go back to it: berth uninstall ${service}` : what;
}
