import { setTimeout as delay } from 'node:timers/promises';
import { printable } from '../../../systemd/journal.ts';
import type { HealthCheck } from '../../plan/plan.ts';
import { UnitTrouble } from '../unit-trouble.ts';

/**
 * Runs a health command again and again until `end`, in milliseconds of performance.now(), and on until it
 * succeeds: the last try decides. Throws `UnitTrouble` when it failed too often in a row.
 */
export async function watchHealth(check: HealthCheck, end: number, signal: AbortSignal): Promise<void> {
  const graceEnd = performance.now() + check.startPeriod * 1000;
  for (let failures = 0; ; ) {
    const problem = await tryHealth(check, signal);
    const late = performance.now();
    if (problem === undefined && late >= end) return;
    if (problem === undefined) failures = 0;
    else if (late >= graceEnd) failures += 1;
    if (problem !== undefined && failures >= Math.max(1, check.retries)) throw unhealthy(check, problem);
    await delay(Math.max(100, Math.min(check.interval * 1000, end - late)), undefined, { signal });
  }
}

/** What went wrong, undefined when nothing did. */
async function tryHealth(
  { argv, timeout }: HealthCheck,
  cancelSignal: AbortSignal,
): Promise<string | undefined> {
  const [program = '', ...args] = argv;
  const { execa } = await import('execa');
  const { failed, timedOut, exitCode, all, shortMessage } = await execa(program, args, {
    stdin: 'ignore',
    all: true,
    reject: false,
    cwd: '/',
    timeout: timeout * 1000,
    maxBuffer: 64 * 1024,
    cancelSignal,
  });
  cancelSignal.throwIfAborted();
  if (!failed) return undefined;
  const last = all.trimEnd().split('\n').at(-1) ?? '';
  const how = timedOut
    ? `no answer within ${timeout} s`
    : exitCode === undefined
      ? shortMessage
      : `exit status ${exitCode}`;
  return last === '' ? how : `${how}: ${printable(last)}`;
}

function unhealthy({ unit, argv }: HealthCheck, problem: string): UnitTrouble {
  return new UnitTrouble(unit, `not healthy: ${unit}: ${problem}: ${printable(argv.join(' '))}`, {
    hint: `journalctl -u ${unit}`,
  });
}
