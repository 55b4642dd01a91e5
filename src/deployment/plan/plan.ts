import type { ServiceName } from '../../service-name.ts';
import type { StoredImage } from '../../store/images.ts';
import type { HistoryEvent, Refusal } from '../history.ts';
import type { InstalledFile } from '../record.ts';

/** Puts a regular file where there is none. */
export interface FileStep {
  kind: 'file';
  path: string;
  source: string;
  mode: number;
  uid: number;
  gid: number;
  content: string;
}

/** Puts a symlink where there is nothing. */
export interface SymlinkStep {
  kind: 'symlink';
  path: string;
  target: string;
}

/** A command on the host that succeeds while a service is well. Times are seconds. */
export interface HealthCheck {
  unit: string;
  argv: string[];
  /** For one try. */
  timeout: number;
  /** Between two tries. */
  interval: number;
  /** So many failures in a row mean that it is not well. */
  retries: number;
  /** Failures in this time since the start do not count. */
  startPeriod: number;
}

/**
 * One step of a change, as data: `--dry-run` prints it, the journal keeps it, apply runs it. A step
 * carries all that is needed to run it again or to undo it in another process. Paths are as the
 * installed system names them, but for `staged` and `source`, which berth itself opens.
 */
export type Step =
  /** Moves a finished deployment from staging to its place. */
  | { kind: 'deployment'; service: ServiceName; number: number; staged: string }
  /** Swaps the `current` symlink. Null: there is none, and a deployment of the vendor's is live, or none. */
  | { kind: 'current'; service: ServiceName; number: number | null; previous: number | null }
  /** Makes a directory that is not there. */
  | { kind: 'directory'; path: string; mode: number; uid: number; gid: number }
  | FileStep
  | SymlinkStep
  /** Puts a file or symlink in the place of one that is still as berth put it there. */
  | { kind: 'replace'; before: InstalledFile; by: FileStep | SymlinkStep }
  /** Records under which name the image was installed. */
  | { kind: 'tag'; image: StoredImage; previous: StoredImage | null }
  | { kind: 'sysusers'; path: string }
  /** `absent`: what the file is to create and what is not there yet. */
  | { kind: 'tmpfiles'; path: string; absent: string[] }
  /** Has systemd read its files again: when files or links to them have changed, or are back after an undo. */
  | { kind: 'reload'; on: 'run' | 'undo' }
  /** Does nothing, but its undo starts these units: those that ran before, in the order in which they start. */
  | { kind: 'resume'; units: string[] }
  | { kind: 'enable'; units: string[] }
  /** `others`: units of the same service, which it may start. `dependents`: units of the same change that need it. */
  | { kind: 'start'; unit: string; others?: string[]; dependents?: string[] }
  /** Restarts units that run, and waits for these and for `dependents`, which systemd restarts with them. */
  | { kind: 'restart'; units: string[]; dependents: string[] }
  /** Fails when one of these units fails or restarts within so many seconds, or is not well. */
  | { kind: 'watch'; units: string[]; seconds: number; health: HealthCheck[] }
  | { kind: 'stop'; unit: string; active: boolean }
  /** `enabled`: those of the units that are enabled now. */
  | { kind: 'disable'; units: string[]; enabled: string[] }
  | { kind: 'tmpfiles-remove'; path: string }
  /** Removes a file that is still as berth put it there. */
  | { kind: 'remove'; file: InstalledFile }
  /** Moves a file that a person changed out of the way. */
  | { kind: 'save'; path: string; to: string }
  /** Removes a directory that berth made, if it is empty. */
  | { kind: 'remove-directory'; path: string }
  /** Takes one deployment away that is not live. */
  | { kind: 'drop'; service: ServiceName; number: number }
  /** Removes what a service keeps, whatever is in it; what cannot be removed is said. It cannot be undone. */
  | { kind: 'purge'; path: string }
  /** Takes all deployments of a service away. */
  | { kind: 'retire'; service: ServiceName }
  /** Adds to a service's history; `refused`: what is not to be tried again by itself from now on. */
  | { kind: 'history'; service: ServiceName; event: HistoryEvent; refused: Refusal | null };

/**
 * Seconds to watch what a person has started: many servers that cannot run, for a port that is taken, say
 * so only after systemd counts them as started.
 */
export const SETTLING = 2;

/** A change as a whole. */
export interface Plan {
  /** What the person asked for, such as `install etcd`. */
  title: string;
  /** What recovery does when the change was interrupted before its services were started. */
  interrupted: 'undo' | 'redo';
  steps: Step[];
  /** When units do not come up after the change, it stays. */
  keepStarted?: true;
}
