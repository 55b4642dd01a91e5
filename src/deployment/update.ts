import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { timeToRecord } from '../source-date.ts';
import { loadGraph } from '../systemd/load-graph.ts';
import { serviceUnit } from '../systemd/unit-name.ts';
import { orderUnits } from '../systemd/unit-order.ts';
import { type ApplyOptions, apply } from './apply/apply.ts';
import { UnitTrouble } from './apply/unit-trouble.ts';
import { contentOf, isSameContent, refuse } from './history.ts';
import { surplusDeployments } from './kept-deployments.ts';
import { healthChecks } from './plan/health-checks.ts';
import type { UpdateOptions } from './plan/plan-update.ts';
import { type PreparedSwitch, prepareSwitch, type Successor } from './plan/switch.ts';
import {
  type FoundUpdates,
  findUpdates,
  type StagedUpdate,
  type UpdateHost,
  type UpdateTarget,
} from './plan/update.ts';

export interface UpdateRequest extends Omit<UpdateOptions, 'title'> {
  targets: readonly UpdateTarget[];
  /** How many deployments of a service to keep, the live one included. */
  keep: number;
}

/** What an update would do, or has done. */
export interface PreparedUpdate extends Pick<FoundUpdates, 'current' | 'refused'> {
  /** Undefined when there is nothing new. */
  change: PreparedSwitch | undefined;
}

/** Targets in the order in which their services start. */
export async function orderTargets(
  targets: readonly UpdateTarget[],
  { systemd }: Pick<UpdateHost, 'systemd'>,
): Promise<UpdateTarget[]> {
  const units = targets.map(({ name }) => serviceUnit(name));
  const graph = await loadGraph(systemd, units);
  const order = orderUnits(graph, units);
  const place = ({ name }: UpdateTarget) => order.indexOf(graph.name(serviceUnit(name)));
  return targets.toSorted((a, b) => place(a) - place(b));
}

/** Finds what is new for services and makes one plan of it. Throws what `findUpdates` and `prepareSwitch` throw. */
export async function prepareUpdate(request: UpdateRequest, host: UpdateHost): Promise<PreparedUpdate> {
  const { staged, current, refused } = await findUpdates(request.targets, host);
  if (staged.length === 0) return { current, refused, change: undefined };
  const title = `update ${staged.map(({ before }) => before.service).join(' ')}`;
  const successors = staged.map((update) => successorOf(update, request.keep, host.paths));
  const change = await prepareSwitch(successors, host, { ...request, title });
  return { current, refused, change };
}

function successorOf({ before, staged, image }: StagedUpdate, keep: number, paths: Paths): Successor {
  const { record, directory, files, absent } = staged;
  const same = isSameContent(contentOf(before), contentOf(record));
  return {
    record,
    directory,
    files,
    absent,
    before,
    directories: files.flatMap(({ path, type, uid, gid, ...file }) =>
      type === 'directory' && 'mode' in file ? { kind: type, path, mode: file.mode, uid, gid } : [],
    ),
    staged: directory,
    tag: staged.tag,
    event: { at: record.created, what: same ? 'values' : 'update', number: record.number },
    refused: null,
    health: healthChecks(record, image.config),
    retire: false,
    drop: surplusDeployments(paths, record.service, { from: before.number, to: record.number, keep }),
  };
}

/**
 * Makes prepared deployments live. Where one does not come up, all are as they were before, and what is
 * to blame is not tried again by itself. Throws `unit-failed` with the reason, and what `apply` throws.
 */
export async function applyUpdate(change: PreparedSwitch, session: ApplyOptions): Promise<void> {
  try {
    await apply(change.plan, session);
  } catch (error) {
    if (!(error instanceof UnitTrouble)) throw error;
    throw change.plan.keepStarted ? stayed(error, change) : wentBack(error, change, session.paths);
  }
}

function wentBack(trouble: UnitTrouble, change: PreparedSwitch, paths: Paths): BerthError {
  const names = change.blame(trouble.unit);
  for (const name of names) {
    const successor = change.successors.find(({ record }) => record.service === name);
    if (successor === undefined) continue;
    const [at, why] = [timeToRecord(paths), firstLine(trouble.message)];
    refuse(paths, name, { ...contentOf(successor.record), at, why });
  }
  const back = change.successors
    .map(({ before }) => `${before.service} is back at deployment ${before.number}`)
    .join(', ');
  return new BerthError('unit-failed', `cannot ${change.plan.title}: ${trouble.message}\n${back}`, {
    cause: trouble,
    hint: `${trouble.hint ?? ''}; once there is another image: berth update ${names.join(' ')}`,
  });
}

function stayed(trouble: UnitTrouble, { plan }: PreparedSwitch): BerthError {
  return new BerthError('unit-failed', `${plan.title}: ${trouble.message}\nthe new version stays`, {
    cause: trouble,
    hint: `berth rollback NAME`,
  });
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
