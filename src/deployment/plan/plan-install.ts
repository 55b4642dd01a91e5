import { join } from 'node:path';
import type { Paths } from '../../paths.ts';
import type { StoredImage } from '../../store/images.ts';
import { areSiblings, installedSiblings, sharedWith } from '../instances/siblings.ts';
import { type DeploymentRecord, mainUnit } from '../record.ts';
import { isThere, refuseOccupied } from './occupied.ts';
import { type Plan, SETTLING, type Step } from './plan.ts';
import type { StagedFile } from './stage-files.ts';

/** A deployment that stands ready in staging, on disk as a whole. */
export interface StagedDeployment {
  record: DeploymentRecord;
  /** Where it stands. */
  directory: string;
  files: StagedFile[];
  /** What its tmpfiles.d file would make and what is not there, parents first. */
  absent: string[];
  /** What the image's name comes to stand for, and stood for until now; null where it has none. */
  tag: { image: StoredImage; previous: StoredImage | null } | null;
}

/** Puts several deployments in place as one change; `now` starts them, each that has a service. */
export function planInstall(staged: StagedDeployment[], paths: Paths, options: { now: boolean }): Plan {
  const files = onceEach(
    staged.flatMap((deployment, index) => planFiles(deployment, staged.slice(0, index), paths)),
  );
  refuseOccupied(files, paths);
  const services = staged.map(({ record }) => record).filter(({ units }) => units.length > 0);
  const enabled = services.filter((record) => record.enabled).flatMap((record) => mainUnit(record) ?? []);
  const steps: Step[] = [
    ...(services.length > 0 ? [{ kind: 'reload', on: 'undo' } as const] : []),
    ...staged.flatMap(({ record, directory, tag }): Step[] => [
      { kind: 'deployment', service: record.service, number: record.number, staged: directory },
      { kind: 'current', service: record.service, number: record.number, previous: null },
      ...(tag === null ? [] : [{ kind: 'tag', ...tag } as const]),
    ]),
    ...files,
    // What is built for others to run makes users and state at its first boot.
    ...(paths.isVendor ? [] : staged.flatMap(planRuns)),
    ...(enabled.length > 0 ? [{ kind: 'enable', units: enabled } as const] : []),
    ...(services.length > 0 ? [{ kind: 'reload', on: 'run' } as const] : []),
    ...(options.now ? planStarts(services) : []),
  ];
  return {
    title: `install ${staged.map(({ record }) => record.service).join(' ')}`,
    interrupted: 'undo',
    steps,
  };
}

function planStarts(services: readonly DeploymentRecord[]): Step[] {
  const starts = services.flatMap(planStart);
  // What waits for a connection has nothing to be watched.
  const units = starts.flatMap((step) =>
    step.kind === 'start' && step.unit.endsWith('.service') ? [step.unit] : [],
  );
  return units.length === 0 ? starts : [...starts, { kind: 'watch', units, seconds: SETTLING, health: [] }];
}

function planStart(record: DeploymentRecord): Step[] {
  const unit = mainUnit(record);
  if (unit === undefined) return [];
  const others = record.units.filter((other) => other !== unit);
  return [others.length === 0 ? { kind: 'start', unit } : { kind: 'start', unit, others }];
}

/** Two images may bring files for one directory that is not there. */
function onceEach(steps: Step[]): Step[] {
  const made = new Set<string>();
  return steps.filter((step) => {
    if (step.kind !== 'directory') return true;
    const first = !made.has(step.path);
    made.add(step.path);
    return first;
  });
}

/** The files of a deployment but those that another instance of the service has, or brings before. */
function planFiles(
  { record, files }: StagedDeployment,
  earlier: readonly StagedDeployment[],
  paths: Paths,
): Step[] {
  const deployment = paths.deployment(record.service, record.number);
  const shared = new Set([
    ...sharedWith(record, installedSiblings(record.service, paths)).filter((path) =>
      isThere(paths.locate(path)),
    ),
    ...sharedWith(
      record,
      earlier.filter((other) => areSiblings(record.service, other.record.service)),
    ),
  ]);
  return files.filter(({ path }) => !shared.has(path)).map((file) => planFile(file, deployment));
}

function planFile(file: StagedFile, deployment: string): Step {
  const { path, uid, gid } = file;
  switch (file.type) {
    case 'directory':
      return { kind: 'directory', path, mode: file.mode, uid, gid };
    case 'symlink':
      return { kind: 'symlink', path, target: file.target };
    case 'file':
      return {
        kind: 'file',
        path,
        source: join(deployment, file.source),
        mode: file.mode,
        uid,
        gid,
        content: file.content,
      };
  }
}

// Users first: tmpfiles.d lines name them.
function planRuns({ files, absent }: StagedDeployment): Step[] {
  const of = (role: StagedFile['role']) => files.filter((file) => file.role === role && file.type === 'file');
  return [
    ...of('sysusers').map(({ path }): Step => ({ kind: 'sysusers', path })),
    ...of('tmpfiles').map(({ path }): Step => ({ kind: 'tmpfiles', path, absent })),
  ];
}
