import type { DeploymentSummary, ServiceChange } from '../deployment/describe-change.ts';
import type { FileChange } from '../deployment/plan/change-files.ts';

/** What became of a service that was to change, as `--json` has it: null and nothing for what did not. */
export interface ChangeOutcome {
  service: string;
  status: 'planned' | 'updated' | 'rolled-back' | 'up-to-date' | 'skipped' | 'failed';
  from: DeploymentSummary | null;
  to: DeploymentSummary | null;
  files: FileChange[];
  /** As in `ServiceChange`. */
  diff: string;
  /** Why it was skipped, or failed; else null. */
  why: string | null;
}

/** The outcome for a service that changes, or would. */
export function changedOutcome(change: ServiceChange, status: ChangeOutcome['status']): ChangeOutcome {
  return { ...change, status, why: null };
}

/** The outcome for a service that stays as it is. */
export function unchangedOutcome(
  service: string,
  status: ChangeOutcome['status'],
  why: string | null = null,
): ChangeOutcome {
  return { service, status, from: null, to: null, files: [], diff: '', why };
}
