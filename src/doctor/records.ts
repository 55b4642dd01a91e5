import { type DeploymentRecord, listServices, readCurrentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';

/** Those of the live deployments that can be read: of the others, one check tells. */
export function readableRecords(paths: Paths): DeploymentRecord[] {
  return listServices(paths).flatMap((name) => {
    try {
      return readCurrentRecord(paths, name) ?? [];
    } catch (error) {
      if (error instanceof BerthError) return [];
      throw error;
    }
  });
}
