import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { DeploymentRecord } from '../record.ts';
import { installedSiblings } from './siblings.ts';

/**
 * Throws `unit-conflict` where some instances of a service would run in deployments of the host's own and others in
 * the vendor's: they have one template, and the host's hides the vendor's.
 */
export function refuseSplit(
  successors: readonly { before: DeploymentRecord; record: DeploymentRecord }[],
  paths: Paths,
): void {
  const changing = successors.map(({ record }) => record.service);
  for (const { before, record } of successors) {
    if (before.vendor === record.vendor) continue;
    const staying = installedSiblings(record.service, paths)
      .map((sibling) => sibling.record.service)
      .filter((name) => !changing.includes(name));
    if (staying.length === 0) continue;
    throw new BerthError(
      'unit-conflict',
      `cannot change ${record.service} alone: ${staying.join(', ')}: all instances have one unit`,
      { hint: `name all in one command: ${[...changing, ...staying].join(' ')}` },
    );
  }
}
