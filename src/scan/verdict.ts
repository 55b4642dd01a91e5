import { describeEnd } from '../systemd/exit-status.ts';
import type { Scanner } from './scanner.ts';

/** What a scanner says by the way it ends. */
export interface Verdict {
  outcome: 'clean' | 'findings' | 'failed';
  /** Its exit status, where it had one. */
  status: number | null;
  /** Why it failed. */
  message: string | null;
}

/**
 * How a service ended, as systemd tells what it runs afterwards (systemd.exec(5), $SERVICE_RESULT, $EXIT_CODE,
 * $EXIT_STATUS); the status of one that was killed is a signal's name.
 */
export interface ServiceEnd {
  result: string;
  code: string;
  status: string;
}

/** The verdict on a scanner of which nothing can be said but why. */
export function failed(message: string, status: number | null = null): Verdict {
  return { outcome: 'failed', status, message };
}

/** Judges the end of a scanner. */
export function judge({ result, code, status: text }: ServiceEnd, scanner: Scanner): Verdict {
  const { clean, findings } = scanner.exit;
  if (result === 'timeout') return failed(`took longer than its ${scanner.timeLimit} s`);
  if (result === 'oom-kill') return failed('used more memory than it may');
  if (code !== 'exited') return failed(`was ended by SIG${text}`);
  const status = Number(text);
  if (clean.includes(status)) return { outcome: 'clean', status, message: null };
  if (findings.includes(status)) return { outcome: 'findings', status, message: null };
  return failed(`ended with ${describeEnd({ code: 1, status })}`, status);
}
