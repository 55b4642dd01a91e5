import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { syncDirectory } from '../../linux/durable.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';

export interface CurrentComparison {
  paths: Paths;
  name: ServiceName;
  /** The deployments that are kept. */
  numbers: number[];
  mend: boolean;
  report(path: string, what: string): void;
}

/**
 * Checks the symlink that says which deployment is live, and returns that one's number. It is put back
 * where there is one deployment only: which of several was live, nobody can tell.
 */
export function compareCurrent({
  paths,
  name,
  numbers,
  mend,
  report,
}: CurrentComparison): number | undefined {
  const path = paths.current(name);
  const what = problemOf(path, numbers);
  if (what === undefined) return Number(readlinkSync(path));
  report(path, what);
  const [only, ...others] = numbers;
  if (!mend || only === undefined || others.length > 0) return undefined;
  const temporary = `${path}.berth-new`;
  rmSync(temporary, { recursive: true, force: true });
  symlinkSync(String(only), temporary);
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) rmSync(path, { recursive: true });
  renameSync(temporary, path);
  syncDirectory(paths.service(name));
  return only;
}

function problemOf(path: string, numbers: number[]): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  if (!stat.isSymbolicLink()) return 'not a symlink';
  return numbers.map(String).includes(readlinkSync(path)) ? undefined : 'leads to no deployment';
}
