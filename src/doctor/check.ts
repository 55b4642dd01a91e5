import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Paths } from '../paths.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { showErrorEntry } from './error-entry.ts';

/** What a check looks at. */
export interface Patient {
  paths: Paths;
  systemd: Systemd;
  env: NodeJS.ProcessEnv;
  /** The command line of berth itself; undefined where there is none to be found. */
  program: readonly string[] | undefined;
}

/** `warning`: berth works, but less well. `unseen`: only root could tell. */
export type FindingState = 'ok' | 'warning' | 'problem' | 'unseen';

/** One thing that was found out. */
export interface Finding {
  state: FindingState;
  /** Such as "no OCI runtime: runc or crun: not found". */
  what: string;
  /** The command that mends it; null where nothing is to be mended, or nobody knows how. */
  hint: string | null;
}

/** One matter to be looked at. What `find` throws is a finding as well. */
export interface Check {
  /** Such as `runtime`. */
  name: string;
  /** True for a matter of the running system alone: there is none below another root. */
  live: boolean;
  find(patient: Patient): Finding[] | Promise<Finding[]>;
}

export function ok(what: string): Finding {
  return { state: 'ok', what, hint: null };
}

export function warning(what: string, hint: string | null = null): Finding {
  return { state: 'warning', what, hint };
}

export function problem(what: string, hint: string | null = null): Finding {
  return { state: 'problem', what, hint };
}

export function unseen(what: string): Finding {
  return { state: 'unseen', what, hint: 'sudo berth doctor' };
}

/** The problems, or else what is well. */
export function orElse(findings: Finding[], what: string): Finding[] {
  return findings.length > 0 ? findings : [ok(what)];
}

/** Only root reads all of it: what anybody else was refused says nothing of the host. */
export function isRefused(error: unknown): boolean {
  if (process.getuid?.() === 0) return false;
  if (isErrno(error, 'EACCES', 'EPERM')) return true;
  return error instanceof Error && error.cause !== undefined && isRefused(error.cause);
}

/** An error as a finding. What nobody foresaw is thrown on. */
export function findingOf(error: unknown): Finding {
  if (isRefused(error)) return unseen(messageOf(error));
  if (error instanceof BerthError) return problem(error.message, error.hint ?? showErrorEntry(error.code));
  if (error instanceof Error && 'errno' in error) return problem(error.message);
  throw error;
}

/** What `look` finds, an error included. */
export async function findingsOf(look: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [findingOf(error)];
  }
}

/** What these calls throw, as findings. */
export function complaintsOf(calls: readonly (() => unknown)[]): Finding[] {
  return calls.flatMap((call) => {
    try {
      call();
      return [];
    } catch (error) {
      return [findingOf(error)];
    }
  });
}
