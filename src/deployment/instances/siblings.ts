import { join } from 'node:path';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import { baseName, instanceOf, type ServiceName } from '../../service-name.ts';
import { fileAt } from '../plan/file-steps.ts';
import { type DeploymentRecord, listServices, type RecordedFile, readCurrentRecord } from '../record.ts';
import { unitFileName } from './unit-template.ts';

/** The record of a deployment and the directory to read it in. */
export interface Sibling {
  record: DeploymentRecord;
  directory: string;
}

/** True for two instances of one service. */
export function areSiblings(one: ServiceName, other: ServiceName): boolean {
  return (
    one !== other &&
    [one, other].every((name) => instanceOf(name) !== undefined) &&
    baseName(one) === baseName(other)
  );
}

/** The installed instances of the service that `name` is an instance of, itself left out; none for another service. */
export function installedSiblings(name: ServiceName, paths: Paths): Sibling[] {
  if (instanceOf(name) === undefined) return [];
  return listServices(paths)
    .filter((other) => areSiblings(name, other))
    .flatMap((other) => {
      const record = readCurrentRecord(paths, other);
      if (record === undefined) return [];
      return [{ record, directory: paths.sideOf(record).deployment(other, record.number) }];
    });
}

/** The template of the unit as these instances have it, whatever a person made of its file since; undefined for none. */
export function readUnitTemplate(
  name: ServiceName,
  siblings: readonly Sibling[],
  paths: Paths,
): string | undefined {
  for (const { record, directory } of siblings) {
    const file = fileAt(record, paths.sideOf(record).installed.unit(unitFileName(name)));
    if (file !== undefined) return readRegularText(join(directory, file.source));
  }
  return undefined;
}

/** The files that an instance has in common with these siblings: of the same path and content. */
export function sharedWith(
  { files }: Pick<DeploymentRecord, 'files'>,
  siblings: readonly Pick<Sibling, 'record'>[],
): string[] {
  if (siblings.length === 0) return [];
  const theirs = new Set(siblings.flatMap(({ record }) => record.files.map(placeAndContent)));
  return files.filter((file) => theirs.has(placeAndContent(file))).map(({ path }) => path);
}

function placeAndContent({ path, type, content }: RecordedFile): string {
  return `${path}\0${type}\0${content}`;
}
