import { lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, messageOf } from '../../../errors.ts';
import { followPath } from '../../../follow-path.ts';
import type { Step } from '../../plan/plan.ts';
import type { StepContext } from './context.ts';

/**
 * Removes a directory or file with all that is in it. A symlink on the way, which the service may have
 * made, is not followed; what cannot be removed stays, and that is said: the service itself is gone.
 */
export function purgeState({ path }: Extract<Step, { kind: 'purge' }>, { paths, warn }: StepContext): void {
  const located = paths.locate(path);
  try {
    if (lstatSync(located, { throwIfNoEntry: false }) === undefined) return;
    if (followPath(paths.root, dirname(path)).inside !== dirname(path)) {
      warn(`kept, because a symlink leads there: ${path}`);
      return;
    }
    rmSync(located, { recursive: true, force: true });
  } catch (error) {
    // A mount point stays, empty.
    if (!isErrno(error, 'ENOTDIR', 'ELOOP', 'EBUSY', 'EPERM', 'EROFS', 'EACCES', 'ENOTEMPTY')) throw error;
    warn(`kept: ${path}: ${messageOf(error)}`);
  }
}
