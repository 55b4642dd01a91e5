import type { ServiceName } from '../../service-name.ts';
import type { Plan, Step } from './plan.ts';

/** What a plan does when all goes well, a line for each step. */
export function describePlan(plan: Plan): string[] {
  return stepsToDo(plan).map(describeStep);
}

/** A step as programs read it: what they may rely on, whatever else apply needs to know. */
export interface PlannedStep {
  kind: Step['kind'];
  /** The service whose deployments it is about; null for none. */
  service: ServiceName | null;
  /** The file or directory that it is about; null for none. */
  path: string | null;
  /** The units that it is about. */
  units: string[];
  /** For a person. */
  text: string;
}

/** The same for programs; none where there is no plan, because nothing is to be done. */
export function plannedSteps(plan: Plan | undefined): PlannedStep[] {
  return plan === undefined ? [] : stepsToDo(plan).map(plannedStep);
}

function plannedStep(step: Step): PlannedStep {
  return {
    kind: step.kind,
    service: 'service' in step ? step.service : null,
    path: pathOf(step),
    units: unitsOf(step),
    text: describeStep(step).replace(/ +/, ' '),
  };
}

function pathOf(step: Step): string | null {
  if (step.kind === 'replace') return step.by.path;
  if (step.kind === 'remove') return step.file.path;
  return 'path' in step ? step.path : null;
}

function unitsOf(step: Step): string[] {
  if (step.kind === 'restart') return [...step.units, ...step.dependents];
  if ('units' in step) return step.units;
  return 'unit' in step ? [step.unit] : [];
}

function stepsToDo({ steps }: Plan): Step[] {
  const forUndo = (step: Step) => step.kind === 'resume' || (step.kind === 'reload' && step.on === 'undo');
  return steps.filter((step) => !forUndo(step));
}

/** One line for a person: what a step will do. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'deployment':
      return `create   deployment ${step.number} of ${step.service}`;
    case 'current':
      return `switch   ${step.service} to ${step.number === null ? 'the vendor’s deployment' : `deployment ${step.number}`}`;
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
    case 'replace':
      return `replace  ${step.by.path}`;
    case 'reload':
      return step.on === 'run' ? 'reload   systemd' : 'reload   systemd, if this is undone';
    case 'resume':
      return `start    ${step.units.join(' ')}, if this is undone`;
    case 'enable':
      return `enable   ${step.units.join(' ')}`;
    case 'start':
      return `start    ${step.unit}`;
    case 'restart':
      return `restart  ${[...step.units, ...step.dependents].join(' ')}`;
    case 'watch':
      return `watch    ${step.units.join(' ')} for ${step.seconds} s`;
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
    case 'purge':
      return `remove   ${step.path} and all that is in it`;
    case 'drop':
      return `remove   deployment ${step.number} of ${step.service}`;
    case 'history':
      return `record   ${step.event.what} of ${step.service}`;
    case 'retire':
      return `remove   deployments of ${step.service}`;
  }
}
