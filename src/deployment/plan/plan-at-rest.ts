import type { Systemd } from '../../systemd/systemd.ts';
import type { Plan, Step } from './plan.ts';

// Users and directories come from sysusers.d(5) and tmpfiles.d(5) when that system boots.
const FOR_A_RUNNING_SYSTEM: readonly Step['kind'][] = [
  ...(['sysusers', 'tmpfiles', 'tmpfiles-remove', 'reload'] as const),
  ...(['start', 'stop', 'restart', 'resume', 'watch'] as const),
];

/** The plan for a system that does not run: only what changes its files. The plan itself for one that does. */
export function planAtRest(plan: Plan, { live }: Pick<Systemd, 'live'>): Plan {
  if (live) return plan;
  return { ...plan, steps: plan.steps.filter(({ kind }) => !FOR_A_RUNNING_SYSTEM.includes(kind)) };
}
