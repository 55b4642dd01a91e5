import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { withKept } from './kept-deployments.ts';
import { type Plan, SETTLING, type Step } from './plan/plan.ts';
import { prepareSwitch, type Successor, type SwitchHost } from './plan/switch.ts';
import { listDeployments, readCurrentRecord, readVendorRecord } from './record.ts';
import { successorOf } from './rollback.ts';

/**
 * The plan that takes away the host's own deployments of services that the vendor has, too, whose run again
 * instead. What they keep stays. Throws `vendor-service` for a service that has no such deployments, and what
 * `prepareSwitch` throws.
 */
export async function prepareReturn(
  names: readonly ServiceName[],
  host: SwitchHost,
  title: string,
): Promise<Plan> {
  const successors = names.flatMap((name) => findSuccessor(name, host.paths));
  const switched = successors.map(({ record }) => record.service);
  const others = names.filter((name) => !switched.includes(name));
  const steps = others.map((service): Step => ({ kind: 'retire', service }));
  if (successors.length === 0) return { title, interrupted: 'redo', steps };
  const { plan } = await prepareSwitch(successors, host, { title, soak: SETTLING, keepStarted: false });
  return { ...plan, steps: [...plan.steps, ...steps] };
}

/** None where the vendor's is live: then only deployments are there that one could have gone back to. */
function findSuccessor(name: ServiceName, paths: Paths): Successor[] {
  if (listDeployments(paths, name).length === 0) throw isVendors(name, paths);
  const current = readCurrentRecord(paths, name);
  const vendor = readVendorRecord(paths, name);
  if (current === undefined || vendor === undefined || current.vendor) return [];
  return [{ ...successorOf(withKept(current, paths), vendor, paths), retire: true }];
}

function isVendors(name: ServiceName, paths: Paths): BerthError {
  const units = readCurrentRecord(paths, name)?.units.join(' ');
  return new BerthError('vendor-service', `cannot uninstall ${name}: it came with the operating system`, {
    hint: `systemctl disable --now ${units}; or, so that nothing starts it: systemctl mask --now ${units}`,
  });
}
