import { BerthError } from '../../errors.ts';
import { syncFileSystem } from '../../linux/syncfs.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { imagesOfDeployments, imagesWithNames } from '../images-in-use.ts';
import { type RepairHost, repairStore } from './repair-store.ts';
import type { VerifyOptions, VerifyReport } from './verify.ts';
import { verifySides } from './verify-sides.ts';

export interface ServiceRepair extends Omit<VerifyOptions, 'mending'> {
  services: ServiceName[];
  /** Repair the images that have a name in the store, too. */
  images: boolean;
  /** Put back host files that a person changed, too. */
  force: boolean;
  systemd: Systemd;
}

/** What a repair found, and what it left. */
export interface RepairOutcome {
  before: VerifyReport;
  after: VerifyReport;
}

/**
 * Repairs services: first what they need in the store, then their checkouts and files from it. All of
 * it is on disk when this returns. The caller holds the writer's lock. Throws as `repairStore`, `systemd-refused`.
 */
export async function repairServices(repair: ServiceRepair, host: RepairHost): Promise<RepairOutcome> {
  const { paths, store, services, systemd } = repair;
  const named = () => (repair.images ? imagesWithNames(store) : []);
  const look = (mending: VerifyOptions['mending']) => verifySides(services, named(), { ...repair, mending });
  const before = await look('none');
  if (before.differences.length === 0) {
    await catchUp(before.units, systemd, host);
    return { before, after: before };
  }
  const deployed = imagesOfDeployments(paths, ({ message }) => host.warn(message)).filter(
    ({ deployment }) => deployment !== undefined && services.includes(deployment.service),
  );
  await repairStore([...deployed, ...named()], host);
  const { hostFilesPutBack, units } = await look(repair.force ? 'force' : 'missing');
  syncFileSystem(paths.state);
  if (hostFilesPutBack || (await systemd.needsReload(units))) await systemd.reload();
  return { before, after: await look('none') };
}

/** A repair that was interrupted may have put back files that systemd never read. Most have not: that is no reason to fail. */
async function catchUp(units: readonly string[], systemd: Systemd, { warn }: RepairHost): Promise<void> {
  try {
    if (await systemd.needsReload(units)) await systemd.reload();
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'systemd-unreachable') throw error;
    warn(`cannot tell whether systemd has read all units: ${error.message}`);
  }
}
