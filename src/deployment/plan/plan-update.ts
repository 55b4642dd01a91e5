import type { Paths } from '../../paths.ts';
import type { StoredImage } from '../../store/images.ts';
import type { HistoryEvent, Refusal } from '../history.ts';
import { mainUnit, ownNumber } from '../record.ts';
import type { ChangedFiles, Succession } from './change-files.ts';
import type { ComingDeployment } from './check-dependencies.ts';
import type { HealthCheck, Plan, Step } from './plan.ts';

/** A service whose live deployment becomes another, with what systemd says of its units now. */
export interface ServiceUpdate extends Succession {
  /** Where the new deployment stands; null for one that is in its place already. */
  staged: string | null;
  /** What the image's name comes to stand for; null leaves the names of images as they are. */
  tag: { image: StoredImage; previous: StoredImage | null } | null;
  /** What its tmpfiles.d file would make and what is not there, parents first. */
  absent: string[];
  event: HistoryEvent;
  refused: Refusal | null;
  /** Its units that run, or try to, or failed. */
  active: string[];
  /** Its units that start at boot. */
  enabled: string[];
  /** True when its [Install] section or its main unit becomes another. */
  enablesOtherwise: boolean;
  health: HealthCheck[];
  /** Deployments that are not kept any longer. */
  drop: number[];
  /** True where all of the host's own go, with the directories that were made for them. */
  retire: boolean;
}

/** What other units have to do with the change. */
export interface UpdateUnits {
  /** Those of the services that are to be restarted, in the order in which they start. */
  restart: string[];
  /** Others that run and that systemd restarts with them, in that order, too. */
  dependents: string[];
  /** All that runs and may be stopped by the change, in that order. */
  running: string[];
}

export interface UpdateOptions {
  /** Such as `update web`. */
  title: string;
  /** Seconds to watch what was restarted. */
  soak: number;
  /** Leave the new version in place when it does not come up. */
  keepStarted: boolean;
  /** Deployments of other services that are to be there by then. */
  coming?: readonly ComingDeployment[];
}

/**
 * Switches services to other deployments as one change, in the order in which they are given. Services that
 * run are restarted, once everything is in place, and watched.
 */
export function planUpdate(
  services: readonly ServiceUpdate[],
  files: ChangedFiles,
  { restart, dependents, running }: UpdateUnits,
  paths: Paths,
  { title, soak, keepStarted }: UpdateOptions,
): Plan {
  const hasUnits = services.some(({ before, after }) => before.units.length + after.units.length > 0);
  const disabled = services.filter(({ enablesOtherwise, enabled }) => enablesOtherwise && enabled.length > 0);
  const enabled = disabled.flatMap(({ after }) => mainUnit(after) ?? []);
  const watched = [...restart.filter((unit) => unit.endsWith('.service')), ...dependents];
  const health = services.flatMap((service) => service.health).filter(({ unit }) => restart.includes(unit));
  const steps: Step[] = [
    ...(running.length > 0 ? [{ kind: 'resume', units: running } as const] : []),
    ...services.flatMap(planGone),
    ...(hasUnits ? [{ kind: 'reload', on: 'undo' } as const] : []),
    ...services.flatMap(planSwitch),
    ...disabled.map(({ before, enabled }): Step => ({ kind: 'disable', units: before.units, enabled })),
    ...files.steps,
    ...services.flatMap(planLeft),
    ...services.flatMap((service) => planRuns(service, paths)),
    ...(enabled.length > 0 ? [{ kind: 'enable', units: enabled } as const] : []),
    ...(hasUnits ? [{ kind: 'reload', on: 'run' } as const] : []),
    ...(restart.length > 0 ? [{ kind: 'restart', units: restart, dependents } as const] : []),
    ...(watched.length > 0 ? [{ kind: 'watch', units: watched, seconds: soak, health } as const] : []),
    ...services.flatMap(({ after, drop }) =>
      drop.map((number): Step => ({ kind: 'drop', service: after.service, number })),
    ),
    ...services.flatMap(({ after, retire }): Step[] =>
      retire ? [{ kind: 'retire', service: after.service }] : [],
    ),
  ];
  const plan: Plan = { title, interrupted: 'undo', steps };
  return keepStarted ? { ...plan, keepStarted } : plan;
}

function planLeft({ before, retire }: ServiceUpdate): Step[] {
  if (!retire) return [];
  return before.directories.toReversed().map((path) => ({ kind: 'remove-directory', path }));
}

// As at an install, for files that are in place already, too: they may make what is not there.
function planRuns({ after, absent }: ServiceUpdate, paths: Paths): Step[] {
  // What is built for others to run makes users and state at its first boot.
  if (paths.isVendor) return [];
  // What only masks the vendor's file is a symlink.
  const has = (path: string) => after.files.some((file) => file.path === path && file.type === 'file');
  const { installed } = paths.sideOf(after);
  const sysusers = installed.sysusers(after.service);
  const tmpfiles = installed.tmpfiles(after.service);
  return [
    ...(has(sysusers) ? [{ kind: 'sysusers', path: sysusers } as const] : []),
    ...(has(tmpfiles) ? [{ kind: 'tmpfiles', path: tmpfiles, absent } as const] : []),
  ];
}

/** Stops units that the new deployment does not have; sockets first, because a connection would start a service again. */
function planGone({ before, after, active }: ServiceUpdate): Step[] {
  return before.units
    .filter((unit) => !after.units.includes(unit))
    .toReversed()
    .map((unit): Step => ({ kind: 'stop', unit, active: active.includes(unit) }));
}

function planSwitch({ before, after, staged, tag, event, refused }: ServiceUpdate): Step[] {
  const { service, number } = after;
  return [
    ...(staged === null ? [] : [{ kind: 'deployment', service, number, staged } as const]),
    { kind: 'current', service, number: ownNumber(after), previous: ownNumber(before) },
    { kind: 'history', service, event, refused },
    ...(tag === null ? [] : [{ kind: 'tag', ...tag } as const]),
  ];
}
