import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { findCulprit, hasFailed } from '../systemd/culprit.ts';
import type { Snapshot } from '../systemd/snapshot.ts';
import { describeCulprit } from '../systemd/start-failure.ts';
import type { UnitFailure, UnitReport } from '../systemd/systemd.ts';
import { sinceOf, withDetail } from '../systemd/unit-state.ts';
import { type Pending, pendingOf } from './pending.ts';
import { type DeploymentRecord, mainUnit } from './record.ts';
import { relationsOf } from './relations.ts';
import { usageOf } from './summary.ts';

/** What `berth status` tells of a service. */
export interface ServiceStatus {
  service: ServiceName;
  /** Active itself, or, where a socket is to start it, listening. */
  running: boolean;
  /** ActiveState and SubState of the service's unit; null where there is no unit or no systemd. */
  state: string | null;
  subState: string | null;
  /** RFC 3339, UTC; null for a service that has not been started since the boot. */
  since: string | null;
  /** loaded, not-found, masked, bad-setting …; null where there is no unit. */
  loadState: string | null;
  /** UnitFileState; null where there is no unit. */
  enabled: string | null;
  /** How it ended last, in systemd's words; "success" while it runs, null where there is no service or no systemd. */
  result: string | null;
  /** How often systemd has started it again by itself since somebody started it. */
  restarts: number | null;
  mainPid: number | null;
  /** What it uses; null for what does not run, and what the kernel does not count here. */
  tasks: number | null;
  memoryBytes: number | null;
  cpuSeconds: number | null;
  image: string;
  /** What it runs on instead of the image's files; else null. */
  rootfs: string | null;
  digest: Digest;
  deployment: number;
  /** Signatures are not checked. */
  signature: null;
  pending: Pending[];
  units: { name: string; state: string; subState: string }[];
  /** Without what systemd adds to every unit. */
  requires: string[];
  after: string[];
  /** Why it is not running, or not as it should be; null when all is well. */
  why: string | null;
  /** The unit whose failure is the reason: the service's own, or one that it needs. */
  culprit: ({ unit: string } & UnitFailure) | null;
}

/** What a status is made of, beside the record. */
export interface StatusHost {
  paths: Paths;
  systemd: Snapshot;
  /** See `interruptedServices`. */
  interrupted: ReadonlySet<ServiceName>;
}

/** What systemd says of an installed service, and why it is not running when it is not. */
export async function readStatus(
  record: DeploymentRecord,
  { paths, systemd, interrupted }: StatusHost,
): Promise<ServiceStatus> {
  const states = await Promise.all(record.units.map((unit) => systemd.report(unit)));
  const [own] = states;
  const relations = own === undefined ? [] : relationsOf(own.name, own.links);
  const live = systemd.live && own !== undefined;
  const usage = usageOf(live ? own : undefined);
  const main = mainUnit(record);
  const listening = states.some(({ name, activeState }) => name === main && isUp(activeState));
  return {
    service: record.service,
    running: live && !hasFailed(own) && (isUp(own.activeState) || listening),
    state: live ? own.activeState : null,
    subState: live ? own.subState : null,
    since: live ? sinceOf(own) : null,
    loadState: own?.loadState || null,
    enabled:
      states.find(({ unitFileState }) => unitFileState.startsWith('enabled'))?.unitFileState ??
      enabledOf(own),
    result: live ? own.result || null : null,
    restarts: live ? own.restarts : null,
    mainPid: live && own.mainPid > 0 ? own.mainPid : null,
    tasks: usage.tasks,
    memoryBytes: usage.memoryBytes,
    cpuSeconds: usage.cpuSeconds,
    image: record.image.name,
    rootfs: record.rootfs?.directory ?? null,
    digest: record.image.manifestDigest,
    deployment: record.number,
    signature: null,
    pending: pendingOf(record, systemd.live ? states : [], { paths, interrupted }),
    units: states.map(({ name, activeState, subState }) => ({ name, state: activeState, subState })),
    requires: relations
      .filter(({ kind }) => kind !== 'After' && kind !== 'Wants' && kind !== 'PartOf')
      .map(({ to }) => to),
    after: relations.filter(({ ordered }) => ordered).map(({ to }) => to),
    ...(live ? await explain(own, listening, systemd) : { why: null, culprit: null }),
  };
}

/** Why systemd has no such unit: not a failure of the service, but of what was made of its files. */
function describeUnloaded({ name, loadState }: UnitReport): string {
  return `cannot start: ${name} is ${loadState === 'not-found' ? 'not there any longer' : loadState}`;
}

function isUp(activeState: string): boolean {
  return activeState === 'active' || activeState === 'reloading';
}

function enabledOf(state: UnitReport | undefined): string | null {
  return state?.unitFileState || null;
}

async function explain(
  own: UnitReport,
  listening: boolean,
  systemd: Snapshot,
): Promise<Pick<ServiceStatus, 'why' | 'culprit'>> {
  if (hasFailed(own)) {
    if (own.activeState === 'inactive') return { why: describeUnloaded(own), culprit: null };
    const failure = await systemd.failure(own.name);
    const again = own.subState === 'auto-restart' ? ', and is tried again' : '';
    return {
      why: `${withDetail('failed', failure.reason)}${again}`,
      culprit: { unit: own.name, ...failure },
    };
  }
  const found = await findCulprit(own.name, systemd);
  const culprit = found === undefined ? null : { unit: found.unit, ...found.failure };
  const cause = found === undefined ? undefined : describeCulprit(found);
  if (isUp(own.activeState)) {
    return { why: cause === undefined ? null : `runs on, although ${cause}`, culprit };
  }
  if (own.activeState !== 'inactive')
    return { why: withDetail(own.activeState, own.subState), culprit: null };
  const ran = own.monotonic.inactiveExit > 0;
  if (cause !== undefined) return { why: ran ? `stopped; ${cause}` : `not started: ${cause}`, culprit };
  if (listening) return { why: 'waits for a connection', culprit: null };
  return { why: ran ? 'stopped' : 'not started since the boot', culprit: null };
}
