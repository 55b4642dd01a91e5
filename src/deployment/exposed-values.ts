import { parseServiceName } from '../service-name.ts';
import { type ImageExports, readExports } from './exports/exports.ts';
import { type HostFile, listHostFiles } from './exports/host-files.ts';
import { missingInRenames } from './exports/host-files-rename.ts';
import { resolveValues, type Values } from './template/values.ts';
import { missingVariables, variablesTaken } from './template/variables.ts';

/** A variable that the templates of an image take. */
export interface ExposedValue {
  name: string;
  /** What it is when nobody sets it; null where that is berth's choice, or nobody's. */
  default: string | null;
  /** No service can be made of the image without a value for it. */
  required: boolean;
}

/** Of no service in particular. */
const NOBODY = {
  name: parseServiceName('name'),
  directory: '/',
  imageName: '',
  imageId: '',
  uuid: '',
  runtime: '',
  capabilities: [],
};

/** What can be set of a service, by what its image has in /exports below a directory. Throws as `readExports` and `listHostFiles`. */
export function exposedValues(rootfs: string): ExposedValue[] {
  const exports = readExports(rootfs);
  if (exports === undefined) return [];
  const { defaultValues } = exports.manifest;
  const values = resolveValues(NOBODY, defaultValues, new Map());
  const hostFiles = hostFilesFor(exports, values);
  const missing = new Set(missingVariables(exports, hostFiles, values).map(({ variable }) => variable));
  // EJS mentions much that is no variable: of its names only those count that somebody has a value for.
  return variablesTaken(exports, hostFiles)
    .filter((name) => values.has(name) || missing.has(name))
    .map((name) => ({ name, default: defaultValues.get(name) ?? null, required: missing.has(name) }));
}

/** Where a path is not known without a value, the files are not, either. */
function hostFilesFor(exports: ImageExports, values: Values): HostFile[] {
  return missingInRenames(exports.manifest, values).length > 0 ? [] : listHostFiles(exports, values);
}
