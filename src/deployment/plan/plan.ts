import type { ServiceName } from '../../service-name.ts';
import type { StoredImage } from '../../store/images.ts';
import type { InstalledFile } from '../record.ts';

/**
 * One step of a change, as data: `--dry-run` prints it, the journal keeps it, apply runs it. A step
 * carries all that is needed to run it again or to undo it in another process. Paths are as the
 * installed system names them, but for `staged` and `source`, which berth itself opens.
 */
export type Step =
  /** Moves a finished deployment from staging to its place. */
  | { kind: 'deployment'; service: ServiceName; number: number; staged: string }
  /** Swaps the `current` symlink. */
  | { kind: 'current'; service: ServiceName; number: number; previous: number | null }
  /** Makes a directory that is not there. */
  | { kind: 'directory'; path: string; mode: number; uid: number; gid: number }
  /** Puts a regular file where there is none. */
  | { kind: 'file'; path: string; source: string; mode: number; uid: number; gid: number; content: string }
  /** Puts a symlink where there is nothing. */
  | { kind: 'symlink'; path: string; target: string }
  /** Records under which name the image was installed. */
  | { kind: 'tag'; image: StoredImage; previous: StoredImage | null }
  | { kind: 'sysusers'; path: string }
  /** `absent`: what the file is to create and what is not there yet. */
  | { kind: 'tmpfiles'; path: string; absent: string[] }
  | { kind: 'reload' }
  | { kind: 'enable'; units: string[] }
  /** `others`: units of the same service, which it may start. `dependents`: units of the same change that need it. */
  | { kind: 'start'; unit: string; others?: string[]; dependents?: string[] }
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
  /** Takes all deployments of a service away. */
  | { kind: 'retire'; service: ServiceName };

/** A change as a whole. */
export interface Plan {
  /** What the person asked for, such as `install etcd`. */
  title: string;
  /** What recovery does when the change was interrupted before its services were started. */
  interrupted: 'undo' | 'redo';
  steps: Step[];
}

/** One line for a person: what a step will do. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'deployment':
      return `create   deployment ${step.number} of ${step.service}`;
    case 'current':
      return `switch   ${step.service} to deployment ${step.number}`;
    case 'directory':
      return `create   ${step.path}/`;
    case 'file':
      return `create   ${step.path}`;
    case 'symlink':
      return `create   ${step.path} -> ${step.target}`;
    case 'tag':
      return `record   image ${step.image.name}`;
    case 'sysusers':
      return `run      systemd-sysusers ${step.path}`;
    case 'tmpfiles':
      return `run      systemd-tmpfiles --create ${step.path}`;
    case 'reload':
      return 'reload   systemd';
    case 'enable':
      return `enable   ${step.units.join(' ')}`;
    case 'start':
      return `start    ${step.unit}`;
    case 'stop':
      return `stop     ${step.unit}`;
    case 'disable':
      return `disable  ${step.units.join(' ')}`;
    case 'tmpfiles-remove':
      return `run      systemd-tmpfiles --remove ${step.path}`;
    case 'remove':
      return `remove   ${step.file.path}`;
    case 'save':
      return `keep     ${step.path} as ${step.to}`;
    case 'remove-directory':
      return `remove   ${step.path}/ if empty`;
    case 'retire':
      return `remove   deployments of ${step.service}`;
  }
}
