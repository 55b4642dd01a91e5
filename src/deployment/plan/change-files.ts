import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { compareInstalled } from '../compare-installed.ts';
import { freeName } from '../free-name.ts';
import { installedSiblings } from '../instances/siblings.ts';
import type { DeploymentRecord, RecordedFile } from '../record.ts';
import { onHost } from '../vendor-files.ts';
import { arrival, installedAs, isSameFile } from './file-steps.ts';
import { isThere, refuseOccupied } from './occupied.ts';
import type { Step } from './plan.ts';

/** What happens to one path on the host. */
export interface FileChange {
  path: string;
  change: 'added' | 'changed' | 'removed' | 'kept' | 'saved';
  /** Where something is kept or arrives instead; else null. */
  as: string | null;
}

/** One service whose live deployment becomes another. */
export interface Succession {
  before: DeploymentRecord;
  after: DeploymentRecord;
  /** Directories that the new files need and that are not there, parents first. */
  directories: Extract<Step, { kind: 'directory' }>[];
}

export interface ChangedFiles {
  steps: Step[];
  changes: FileChange[];
}

/**
 * The files of several services that change as one: what a person changed stays, and what was to
 * replace it arrives beside it. Throws `host-file-conflict` or `unit-conflict` for a place that is taken,
 * and for a file that an instance needs which is not part of the change.
 */
export function changeFiles(successions: readonly Succession[], paths: Paths): ChangedFiles {
  const change = new FileChanges(successions, paths);
  for (const succession of successions) change.add(succession);
  refuseOccupied(change.steps, paths);
  return change;
}

class FileChanges implements ChangedFiles {
  readonly steps: Step[] = [];
  readonly changes: FileChange[] = [];
  readonly #paths: Paths;
  readonly #services: readonly string[];
  // Instances share files: the first brings or removes them.
  readonly #brought = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(successions: readonly Succession[], paths: Paths) {
    this.#paths = paths;
    this.#services = successions.map(({ after }) => after.service);
  }

  add({ directories, ...succession }: Succession): void {
    const before = onHost(succession.before);
    const after = onHost(succession.after);
    const deployment = this.#paths.sideOf(after).deployment(after.service, after.number);
    const shared = this.#shared(after);
    for (const directory of directories) {
      if (isFirst(this.#brought, directory.path)) this.steps.push(directory);
    }
    const arriving = new Set([...after.files, ...after.beside].map(({ path }) => path));
    for (const file of [...before.files, ...before.beside].reverse()) {
      if (arriving.has(file.path) || shared.has(file.path) || !isFirst(this.#removed, file.path)) continue;
      this.#remove(file);
    }
    const old = new Map([...before.files, ...before.beside].map((file) => [file.path, file]));
    for (const file of after.files) {
      const other = shared.get(file.path);
      if (other !== undefined && !isSameFile(other.file, file)) throw refuseAlone(file, other.service, after);
      if (!isFirst(this.#brought, file.path)) continue;
      this.#bring(file, old.get(file.path), after, deployment);
    }
    for (const file of after.beside) {
      if (isFirst(this.#brought, file.path)) this.#bringBeside(file, old.get(file.path), deployment);
    }
  }

  #bring(
    file: RecordedFile,
    installed: RecordedFile | undefined,
    after: DeploymentRecord,
    deployment: string,
  ): void {
    const { path } = file;
    const located = this.#paths.locate(path);
    const now = installed === undefined ? undefined : compareInstalled(located, installed);
    if (installed === undefined || now === 'absent') {
      // A rollback brings back what was here before: it may be here still.
      if (compareInstalled(located, file) === 'unchanged') return;
      this.steps.push(arrival(file, deployment));
      this.changes.push({ path, change: 'added', as: null });
    } else if (now === 'changed') {
      if (compareInstalled(located, file) === 'unchanged') return;
      const beside = after.beside.find((other) => other.path.startsWith(`${path}.berthnew`));
      this.changes.push({ path, change: 'kept', as: beside?.path ?? null });
    } else if (!isSameFile(installed, file)) {
      this.steps.push({ kind: 'replace', before: installedAs(installed), by: arrival(file, deployment) });
      this.changes.push({ path, change: 'changed', as: null });
    }
  }

  #bringBeside(file: RecordedFile, earlier: RecordedFile | undefined, deployment: string): void {
    if (compareInstalled(this.#paths.locate(file.path), file) === 'unchanged') return;
    const by = arrival(file, deployment);
    const there = isThere(this.#paths.locate(file.path));
    if (!there) this.steps.push(by);
    else if (earlier !== undefined) this.steps.push({ kind: 'replace', before: installedAs(earlier), by });
  }

  #remove(file: RecordedFile): void {
    const { path } = file;
    const now = compareInstalled(this.#paths.locate(path), file);
    if (now === 'unchanged') {
      this.steps.push({ kind: 'remove', file: installedAs(file) });
      this.changes.push({ path, change: 'removed', as: null });
    } else if (now === 'changed' && !path.includes('.berthnew')) {
      const to = freeName(`${path}.berthsave`, this.#paths);
      this.steps.push({ kind: 'save', path, to });
      this.changes.push({ path, change: 'saved', as: to });
    }
  }

  /** What instances have that stay as they are. */
  #shared({ service }: DeploymentRecord): Map<string, { file: RecordedFile; service: string }> {
    const staying = installedSiblings(service, this.#paths)
      .map(({ record }) => record)
      .filter((record) => !this.#services.includes(record.service));
    return new Map(
      staying.flatMap((record) =>
        record.files.map((file) => [file.path, { file, service: record.service }] as const),
      ),
    );
  }
}

function isFirst(seen: Set<string>, path: string): boolean {
  if (seen.has(path)) return false;
  seen.add(path);
  return true;
}

function refuseAlone({ path }: RecordedFile, other: string, { service }: DeploymentRecord): BerthError {
  return new BerthError(
    'host-file-conflict',
    `cannot change ${service} alone: ${path}: ${other} shares this file and needs it as it is`,
    { hint: `name both in one command: ${service} ${other}` },
  );
}
