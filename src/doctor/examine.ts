import { autoUpdateCheck } from './auto-update.ts';
import { cgroupsCheck } from './cgroups.ts';
import { type Check, type Finding, findingsOf, type Patient } from './check.ts';
import { clockCheck } from './clock.ts';
import { configurationCheck } from './configuration.ts';
import { kernelCheck } from './kernel.ts';
import { leftoversCheck } from './leftovers.ts';
import { programsCheck } from './programs.ts';
import { runtimeCheck } from './runtime.ts';
import { servicesCheck } from './services.ts';
import { stateCheck } from './state.ts';
import { systemdCheck } from './systemd.ts';

const CHECKS: readonly Check[] = [
  systemdCheck,
  cgroupsCheck,
  kernelCheck,
  runtimeCheck,
  programsCheck,
  stateCheck,
  clockCheck,
  configurationCheck,
  servicesCheck,
  leftoversCheck,
  autoUpdateCheck,
];

/** A finding with the name of the check that found it. */
export interface NamedFinding extends Finding {
  check: string;
}

/** Looks at all that berth needs of a host, and at what it may have left there. */
export async function examine(patient: Patient): Promise<NamedFinding[]> {
  const checks = CHECKS.filter(({ live }) => !live || patient.paths.root === '/');
  const found = await Promise.all(
    checks.map(async ({ name, find }) => {
      const findings = await findingsOf(() => find(patient));
      return findings.map((finding) => ({ check: name, ...finding }));
    }),
  );
  return found.flat();
}
