import { setTimeout as delay } from 'node:timers/promises';
import { whereToLook } from '../../../systemd/start-failure.ts';
import type { Systemd, UnitState } from '../../../systemd/systemd.ts';
import type { Step } from '../../plan/plan.ts';
import { UnitTrouble } from '../unit-trouble.ts';
import type { StepContext } from './context.ts';
import { watchHealth } from './watch-health.ts';

type Watch = Extract<Step, { kind: 'watch' }>;

/** Milliseconds between two looks at a unit. */
const POLL = 250;

const RESTARTED = 'it was restarted';

/**
 * Watches units that have just come up; what another process began to watch, for the rest of the time. Throws
 * `UnitTrouble`, with what the unit logged last, for one that ends or restarts in this time, or whose health
 * command fails. One that is there to do some work and end, `Type=oneshot`, may have done it.
 */
export async function watchUnits(
  step: Watch,
  { systemd, signal, recovering }: Pick<StepContext, 'systemd' | 'signal' | 'recovering'>,
): Promise<void> {
  if (!systemd.follows) return;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const past = recovering ? await uptime(step.units, systemd) : 0;
  const end = performance.now() + step.seconds * 1000 - past;
  try {
    await Promise.all([
      ...step.units.map((unit) => watchUnit(unit, end, systemd, either)),
      ...step.health.map((check) => watchHealth(check, end, either)),
    ]);
  } finally {
    over.abort();
  }
}

/** Milliseconds for which all of these units have been up. */
async function uptime(units: readonly string[], systemd: Systemd): Promise<number> {
  const states = await Promise.all(units.map((unit) => systemd.state(unit)));
  const last = Math.max(...states.map(({ monotonic }) => monotonic.activeEnter));
  return Number(process.hrtime.bigint() / 1000n - BigInt(last)) / 1000;
}

async function watchUnit(unit: string, end: number, systemd: Systemd, signal: AbortSignal): Promise<void> {
  const first = await systemd.state(unit);
  for (let state = first; ; state = await systemd.state(unit)) {
    const what = problemOf(state, first);
    if (what !== undefined) throw await describe(first, what, systemd);
    const left = end - performance.now();
    if (left <= 0) return;
    await delay(Math.min(POLL, left), undefined, { signal });
  }
}

function problemOf(now: UnitState, first: UnitState): string | undefined {
  if (now.restarts > first.restarts || now.monotonic.activeEnter !== first.monotonic.activeEnter) {
    return RESTARTED;
  }
  if (now.activeState === 'active' || now.activeState === 'reloading') return undefined;
  if (now.type === 'oneshot' && now.activeState === 'inactive') return undefined;
  return now.subState === 'auto-restart' ? 'it ended' : `it is ${now.activeState}`;
}

/**
 * What went wrong since `first`. Of a unit that runs again by now, systemd remembers no reason, but the
 * journal has the last lines.
 */
async function describe(first: UnitState, what: string, systemd: Systemd): Promise<UnitTrouble> {
  const { name, invocation } = first;
  const { reason, log } = await systemd.failure(name, invocation || undefined);
  const isAnother = (await systemd.state(name)).invocation !== invocation;
  const why = isAnother ? RESTARTED : `${what} (${reason})`;
  const lines = log.map((line) => `\n  ${line}`).join('');
  return new UnitTrouble(name, `did not stay up: ${name}: ${why}${lines}`, { hint: whereToLook(name, log) });
}
