import { forgetImage, recordImage } from '../../../store/images.ts';
import type { Step } from '../../plan/plan.ts';
import type { StepContext } from './context.ts';
import {
  placeDeployment,
  retireDeployments,
  switchBack,
  switchCurrent,
  unplaceDeployment,
  unretireDeployments,
} from './deployments.ts';
import {
  makeDirectory,
  moveFile,
  putFile,
  putSymlink,
  removeDirectory,
  removeFile,
  removeMadeDirectory,
  restoreDirectory,
  restoreFile,
  takeBack,
} from './files.ts';
import {
  cleanTmpfiles,
  disableUnits,
  makeTmpfiles,
  makeUsers,
  restart,
  startUnit,
  stopUnit,
  unmakeTmpfiles,
  unstart,
} from './systemd.ts';

/** True for a step that, when it throws, has changed nothing. */
export function isAtomic(step: Step): boolean {
  return !['tmpfiles', 'enable', 'start', 'stop', 'disable'].includes(step.kind);
}

/** Runs one step. Running a removing step twice is running it once. */
export async function runStep(step: Step, context: StepContext): Promise<void> {
  switch (step.kind) {
    case 'deployment':
      return placeDeployment(step, context);
    case 'current':
      return switchCurrent(step, context);
    case 'directory':
      return makeDirectory(step, context);
    case 'file':
      return putFile(step, context);
    case 'symlink':
      return putSymlink(step, context);
    case 'tag':
      return recordImage(context.store, step.image);
    case 'sysusers':
      return makeUsers(step, context);
    case 'tmpfiles':
      return makeTmpfiles(step, context);
    case 'reload':
      return context.systemd.reload();
    case 'enable':
      return context.systemd.enable(step.units);
    case 'start':
      return startUnit(step, context);
    case 'stop':
      return stopUnit(step, context);
    case 'disable':
      return disableUnits(step.units, context);
    case 'tmpfiles-remove':
      return cleanTmpfiles(step, context);
    case 'remove':
      return removeFile(step, context);
    case 'save':
      return moveFile(step.path, step.to, context);
    case 'remove-directory':
      return removeMadeDirectory(step.path, context);
    case 'retire':
      return retireDeployments(step, context);
  }
}

/** Undoes one step, whether it ran wholly, or not at all. */
export async function undoStep(step: Step, context: StepContext): Promise<void> {
  switch (step.kind) {
    case 'deployment':
      return unplaceDeployment(step, context);
    case 'current':
      return switchBack(step, context);
    case 'directory':
      return removeDirectory(step.path, context);
    case 'file':
      return takeBack({ path: step.path, content: step.content, type: 'file' }, context);
    case 'symlink':
      return takeBack({ path: step.path, content: step.target, type: 'symlink' }, context);
    case 'tmpfiles':
      return unmakeTmpfiles(step, context);
    case 'enable':
      return disableUnits(step.units, context);
    case 'start':
      return unstart(step, context);
    case 'stop':
      return restart(step, context);
    case 'disable':
      return step.enabled.length > 0 ? context.systemd.enable(step.enabled) : undefined;
    case 'remove':
      return restoreFile(step, context);
    case 'save':
      return moveFile(step.to, step.path, context);
    case 'remove-directory':
      return restoreDirectory(step.path, context);
    case 'retire':
      return unretireDeployments(step, context);
    case 'tag':
      return untag(step, context);
    // Users, like those of packages, stay; and apply itself reloads systemd once all files are back.
    case 'sysusers':
    case 'reload':
    case 'tmpfiles-remove':
      return;
  }
}

function untag({ image, previous }: Extract<Step, { kind: 'tag' }>, { store }: StepContext): void {
  if (previous === null) forgetImage(store, image.name);
  else recordImage(store, previous);
}
