import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { syncDirectory, writeDurably } from '../../../linux/durable.ts';
import { removeIfEmpty } from '../../../linux/remove-if-empty.ts';
import type { Paths } from '../../../paths.ts';
import type { ServiceName } from '../../../service-name.ts';
import { type History, readHistory, writeHistory } from '../../history.ts';
import type { Step } from '../../plan/plan.ts';
import { readCurrent } from '../../record.ts';
import type { StepContext } from './context.ts';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** Moves a deployment, already on disk as a whole, to its place. */
export function placeDeployment(step: Of<'deployment'>, { paths }: StepContext): void {
  mkdirSync(paths.service(step.service), { recursive: true, mode: 0o700 });
  syncDirectory(paths.deployments);
  renameSync(step.staged, paths.deployment(step.service, step.number));
  syncDirectory(paths.service(step.service));
}

export function unplaceDeployment(step: Of<'deployment'>, { paths }: StepContext): void {
  if (!existsSync(paths.service(step.service))) return;
  rmSync(paths.deployment(step.service, step.number), { recursive: true, force: true });
  syncDirectory(paths.service(step.service));
  removeIfEmpty(paths.service(step.service));
  syncDirectory(paths.deployments);
}

export function switchCurrent(step: Of<'current'>, { paths }: StepContext): void {
  pointCurrent(paths, step.service, step.number);
}

export function switchBack(step: Of<'current'>, { paths }: StepContext): void {
  rmSync(temporaryCurrent(paths, step.service), { force: true });
  if (readCurrent(paths, step.service) !== targetOf(step.number)) return;
  pointCurrent(paths, step.service, step.previous);
}

/** Renames all deployments of a service away; the end of the change deletes them. */
export function retireDeployments(step: Of<'retire'>, { paths, backup }: StepContext): void {
  if (!existsSync(paths.service(step.service))) return;
  renameSync(paths.service(step.service), backup);
  syncDirectory(paths.deployments);
  syncDirectory(dirname(backup));
}

export function unretireDeployments(step: Of<'retire'>, { paths, backup }: StepContext): void {
  if (!existsSync(backup)) return;
  renameSync(backup, paths.service(step.service));
  syncDirectory(paths.deployments);
}

/** Renames one deployment away; the end of the change deletes it. */
export function dropDeployment(step: Of<'drop'>, { paths, backup }: StepContext): void {
  const directory = paths.deployment(step.service, step.number);
  if (!existsSync(directory)) return;
  renameSync(directory, backup);
  syncDirectory(paths.service(step.service));
  syncDirectory(dirname(backup));
}

export function undropDeployment(step: Of<'drop'>, { paths, backup }: StepContext): void {
  if (!existsSync(backup)) return;
  renameSync(backup, paths.deployment(step.service, step.number));
  syncDirectory(paths.service(step.service));
}

/** Adds to the history, once, however often it runs. */
export function recordEvent(step: Of<'history'>, { paths, backup }: StepContext): void {
  const { service, event, refused } = step;
  const before = readHistory(paths, service);
  if (isDeepStrictEqual(before.events.at(-1), event)) return;
  writeDurably(backup, JSON.stringify(before), 0o600);
  writeHistory(paths, service, { ...before, events: [...before.events, event], refused });
}

export function unrecordEvent(step: Of<'history'>, { paths, backup }: StepContext): void {
  rmSync(`${paths.history(step.service)}.berth-new`, { force: true });
  if (!existsSync(backup)) return;
  const before = JSON.parse(readFileSync(backup, 'utf8')) as History;
  if (before.events.length === 0 && before.refused === null) {
    rmSync(paths.history(step.service), { force: true });
  } else writeHistory(paths, step.service, before);
}

// rename(2) over an existing symlink is the only swap that no reader can see halfway.
function pointCurrent(paths: Paths, service: ServiceName, number: number | null): void {
  const target = targetOf(number);
  const temporary = temporaryCurrent(paths, service);
  rmSync(temporary, { force: true });
  if (target === undefined) rmSync(paths.current(service), { force: true });
  else {
    symlinkSync(target, temporary);
    renameSync(temporary, paths.current(service));
  }
  syncDirectory(paths.service(service));
}

function targetOf(number: number | null): string | undefined {
  return number === null ? undefined : String(number);
}

/** Where the next `current` is made; one that was killed may have left it. */
function temporaryCurrent(paths: Paths, service: ServiceName): string {
  return join(paths.service(service), '.current.berth-new');
}
