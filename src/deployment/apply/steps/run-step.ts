import { forgetImage, recordImage } from '../../../store/images.ts';
import type { Step } from '../../plan/plan.ts';
import type { StepContext } from './context.ts';
import {
  dropDeployment,
  placeDeployment,
  recordEvent,
  retireDeployments,
  switchBack,
  switchCurrent,
  undropDeployment,
  unplaceDeployment,
  unrecordEvent,
  unretireDeployments,
} from './deployments.ts';
import { makeDirectory, removeDirectory, removeMadeDirectory, restoreDirectory } from './directories.ts';
import {
  moveFile,
  putFile,
  putSymlink,
  removeFile,
  replaceFile,
  restoreFile,
  swapBack,
  takeBack,
} from './files.ts';
import { purgeState } from './purge.ts';
import { restartUnits, resumeUnits, stopRestarted } from './restart.ts';
import {
  cleanTmpfiles,
  disableUnits,
  enableUnits,
  makeTmpfiles,
  makeUsers,
  startAgain,
  startUnit,
  stopUnit,
  unmakeTmpfiles,
  unstart,
} from './systemd.ts';
import { watchUnits } from './watch.ts';

/** True for a step that starts new processes: from then on, what they write may be somebody's data. */
export function beginsUnits(step: Step): boolean {
  return step.kind === 'start' || step.kind === 'restart';
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
    case 'replace':
      return replaceFile(step, context);
    case 'reload':
      return step.on === 'run' ? context.systemd.reload() : undefined;
    // It is there for its undo.
    case 'resume':
      return;
    case 'restart':
      return restartUnits(step, context);
    case 'watch':
      return watchUnits(step, context);
    case 'enable':
      return enableUnits(step.units, context);
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
    case 'purge':
      return purgeState(step, context);
    case 'drop':
      return dropDeployment(step, context);
    case 'history':
      return recordEvent(step, context);
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
      return startAgain(step, context);
    case 'disable':
      return enableUnits(step.enabled, context);
    case 'remove':
      return restoreFile(step, context);
    case 'save':
      return moveFile(step.to, step.path, context);
    case 'remove-directory':
      return restoreDirectory(step.path, context);
    case 'replace':
      return swapBack(step, context);
    case 'reload':
      return step.on === 'undo' ? context.systemd.reload() : undefined;
    case 'resume':
      return resumeUnits(step, context);
    case 'restart':
      return stopRestarted(step, context);
    case 'drop':
      return undropDeployment(step, context);
    case 'history':
      return unrecordEvent(step, context);
    case 'retire':
      return unretireDeployments(step, context);
    case 'tag':
      return untag(step, context);
    // Users, like those of packages, stay.
    case 'sysusers':
    case 'tmpfiles-remove':
    case 'watch':
    // It comes after all that can fail.
    case 'purge':
      return;
  }
}

function untag({ image, previous }: Extract<Step, { kind: 'tag' }>, { store }: StepContext): void {
  if (previous === null) forgetImage(store, image.name);
  else recordImage(store, previous);
}
