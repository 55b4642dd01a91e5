import type { Paths } from '../../paths.ts';
import { compareInstalled } from '../compare-installed.ts';
import { freeName } from '../free-name.ts';
import type { DeploymentRecord, RecordedFile } from '../record.ts';

/**
 * What of a new deployment arrives beside its place, as `.berthnew`, because a person has changed the file
 * that the deployment before put there. A file that the new one does not change is not brought again.
 */
export function filesBeside(
  before: Pick<DeploymentRecord, 'files' | 'beside'>,
  files: readonly RecordedFile[],
  paths: Paths,
): RecordedFile[] {
  const old = new Map(before.files.map((file) => [file.path, file]));
  return files.flatMap((file) => {
    const installed = old.get(file.path);
    if (installed === undefined || compareInstalled(paths.locate(file.path), installed) !== 'changed')
      return [];
    if (compareInstalled(paths.locate(file.path), file) === 'unchanged') return [];
    const path = placeBeside(file.path, before, paths);
    const waits = before.beside.some((other) => other.path === path);
    return isSame(installed, file) && !waits ? [] : [{ ...file, path }];
  });
}

/** The place of an earlier one, where it is still as berth put it there: it is out of date. */
function placeBeside(path: string, { beside }: Pick<DeploymentRecord, 'beside'>, paths: Paths): string {
  const earlier = beside.find(
    (other) =>
      other.path.startsWith(`${path}.berthnew`) &&
      compareInstalled(paths.locate(other.path), other) === 'unchanged',
  );
  return earlier?.path ?? freeName(`${path}.berthnew`, paths);
}

function isSame(one: RecordedFile, other: RecordedFile): boolean {
  return one.type === other.type && one.content === other.content;
}
