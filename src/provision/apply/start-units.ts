import { watchUnits } from '../../deployment/apply/steps/watch.ts';
import { SETTLING } from '../../deployment/plan/plan.ts';
import { BerthError } from '../../errors.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { untilAborted } from '../../until-aborted.ts';

/**
 * Starts units, all at once, so that systemd orders them, and watches for a moment those that came up. One that
 * does not stay up keeps no other from it: returns why, by the unit. Throws `interrupted`.
 */
export async function startUnits(
  units: readonly string[],
  { systemd, signal }: { systemd: Systemd; signal: AbortSignal },
): Promise<Map<string, BerthError>> {
  const failures = new Map<string, BerthError>();
  const start = async (unit: string) => {
    try {
      // One that failed often may not be started for a while.
      await systemd.resetFailed(unit);
      await systemd.start(unit);
      // What waits for a connection has nothing to be watched.
      const watched = unit.endsWith('.service') ? [unit] : [];
      await watchUnits(
        { kind: 'watch', units: watched, seconds: SETTLING, health: [] },
        { systemd, signal, recovering: false },
      );
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      failures.set(unit, error);
    }
  };
  try {
    await untilAborted(
      Promise.all(units.map(start)).then(() => undefined),
      signal,
    );
  } catch (cause) {
    throw signal.aborted ? new BerthError('interrupted', 'interrupted: starting services', { cause }) : cause;
  }
  return failures;
}
