import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageTrees } from '../../layer/image-trees.ts';
import type { PulledImage } from '../../layer/pull.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { syncFileSystem } from '../../linux/syncfs.ts';
import type { Paths } from '../../paths.ts';
import {
  isFileOnHost,
  listMountPoints,
  type MountPoint,
  makeMountPoints,
} from '../../runtime/mount-points.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServiceName } from '../../service-name.ts';
import { timeToRecord } from '../../source-date.ts';
import { readImages } from '../../store/images.ts';
import type { Store } from '../../store/store.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import { keepBundle } from '../bundle.ts';
import { checkoutOf, type ForeignRootfs } from '../foreign-rootfs.ts';
import { shareUnit } from '../instances/share-unit.ts';
import { readUnitTemplate, type Sibling } from '../instances/siblings.ts';
import { type DeploymentRecord, formatRecord, type RecordedFile, readVendorRecord } from '../record.ts';
import { renderDeployment } from '../render/render-deployment.ts';
import { createdPaths } from '../render/render-lines.ts';
import type { KeptValues, RenderedDeployment } from '../render/rendered-deployment.ts';
import type { ServiceRequest } from '../service-request.ts';
import { proxyUnit, socketUnit } from '../sockets/render-sockets.ts';
import { refuseState } from '../vendor-files.ts';
import { checkout } from './checkout.ts';
import { filesBeside } from './files-beside.ts';
import { leaveAlone, requireMountPoints } from './leave-rootfs-alone.ts';
import type { StagedDeployment } from './plan-install.ts';
import { renderPreset } from './preset.ts';
import { type StagedFile, stageFiles } from './stage-files.ts';

export interface StageInput extends ServiceRequest {
  paths: Paths;
  store: Store;
  /** An existing directory on the store's file system; the deployment is made in it, under the service's name. */
  staging: string;
  name: ServiceName;
  image: PulledImage;
  trees: ImageTrees;
  /** What the service runs on instead of the image's checkout. */
  rootfs: ForeignRootfs | undefined;
  runtime: Runtime;
  enable: boolean;
  /** True for one that `berth apply` installs, or installed. */
  declared: boolean;
  /** 0 for a service's first deployment. */
  number: number;
  /** The live deployment, whose values and files the new one takes over; null for the first. */
  before: DeploymentRecord | null;
  /** The other instances of the service that are there, or staged, when this is one. */
  siblings: Sibling[];
  /** Seconds that a readiness command may delay a start. */
  readinessLimit: number | undefined;
  warn(text: string): void;
}

/**
 * Makes a deployment in staging, whole and on disk: checkout, config.json, units, record. Nothing
 * outside staging is touched. Throws what `checkout` and `renderDeployment` throw, `no-space`, `io`.
 */
export async function stageDeployment(input: StageInput): Promise<StagedDeployment> {
  try {
    return await stage(input);
  } catch (error) {
    throw fileSystemError(error, `cannot make the deployment of ${input.name}`, input.staging);
  }
}

async function stage(input: StageInput): Promise<StagedDeployment> {
  const { paths, store, name, image, trees, rootfs, warn } = input;
  const directory = join(input.staging, name);
  const checkedOut = checkoutOf(directory, rootfs);
  mkdirSync(directory, { mode: 0o700 });
  await checkout(store, trees.of(image.diffIds), checkedOut);
  // Whoever looks for the service's files in its deployment finds them.
  if (rootfs !== undefined) symlinkSync(rootfs.directory, join(directory, 'rootfs'));
  const own = await renderDeployment({
    ...input,
    kept: input.before === null ? undefined : keptValues(input.before),
    checkout: checkedOut,
    rootfs: rootfs?.directory,
    image: { name: image.name, id: image.configDigest, config: image.config },
  });
  const template = readUnitTemplate(name, input.siblings, paths);
  const units = unitsOf(name, own);
  const preset = paths.isVendor ? renderPreset(units, input.enable) : undefined;
  const rendered = { ...own, ...shareUnit(own.service, name, template), preset };
  for (const warning of rendered.warnings) warn(`${name}: ${warning}`);
  const mountPoints =
    rendered.config === undefined ? [] : await writeConfig(rendered.config, directory, input);
  for (const [script, text] of Object.entries(rendered.scripts))
    writeFileSync(join(directory, script), text, { mode: 0o600 });
  const files = stageFiles(name, rendered, directory, paths);
  if (rootfs !== undefined) leaveAlone(rootfs, files, rendered.tmpfiles);
  if (paths.isVendor) refuseState(files, paths);
  const absent = missingOf(createdPaths(rendered.tmpfiles ?? ''), paths);
  const record = {
    ...makeRecord(input, rendered, units, files),
    state: [...new Set([...(input.before?.state ?? []), ...absent])].sort(),
    mountPoints,
    bundle: keepBundle(store, directory),
  };
  writeFileSync(join(directory, 'deployment.json'), formatRecord(record), { mode: 0o600 });
  syncFileSystem(directory);
  return {
    record,
    directory,
    files,
    absent,
    tag: tagOf(image, store),
  };
}

function tagOf({ name, stored }: PulledImage, store: Store): StagedDeployment['tag'] {
  // A directory is no image that another service could be installed from.
  if (isRootfsImageName(name)) return null;
  return { image: stored, previous: readImages(store).find((other) => other.name === name) ?? null };
}

async function writeConfig(
  config: OciConfig,
  directory: string,
  { rootfs, paths }: StageInput,
): Promise<MountPoint[]> {
  const points = await listMountPoints(config, (source) => isFileOnHost(source, paths));
  writeFileSync(join(directory, 'config.json'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  if (rootfs !== undefined) {
    await requireMountPoints(rootfs, points, paths);
    return [];
  }
  const root = checkoutOf(directory, rootfs);
  // The runtime would make what is missing at the first start, in a checkout that is meant never to change.
  const made = await makeMountPoints(root, points);
  return made.map((path) => ({
    path,
    type: lstatSync(join(root, path)).isDirectory() ? 'directory' : 'file',
  }));
}

/** The service first, its sockets last. */
function unitsOf(name: ServiceName, { service, proxy, socket }: RenderedDeployment): string[] {
  return [
    ...(service === undefined ? [] : [`${name}.service`]),
    ...(proxy === undefined ? [] : [proxyUnit(name)]),
    ...(socket === undefined ? [] : [socketUnit(name)]),
  ];
}

function makeRecord(
  input: StageInput,
  { values, imageDependencies }: RenderedDeployment,
  units: string[],
  files: StagedFile[],
): Omit<DeploymentRecord, 'mountPoints' | 'bundle' | 'state'> {
  const { name, number, image, rootfs, runtime, enable, declared } = input;
  const { settings, dependencies, sockets, mounts, resources } = input;
  const recorded = files.flatMap(recordedFile);
  const vendor = readVendorRecord(input.paths, name);
  return {
    version: 1,
    service: name,
    number,
    ...(vendor === undefined ? {} : { overrides: vendor.image.manifestDigest }),
    image: {
      name: image.name,
      manifestDigest: image.manifestDigest,
      configDigest: image.configDigest,
      diffIds: image.diffIds,
      labels: image.labels,
    },
    ...(rootfs === undefined ? {} : { rootfs }),
    created: timeToRecord(input.paths),
    values: Object.fromEntries(values),
    userValues: Object.fromEntries(settings),
    dependencies: { image: imageDependencies, user: dependencies },
    sockets,
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(declared ? { declared } : {}),
    runtime: runtime.path,
    units,
    enabled: enable && units.length > 0,
    files: recorded,
    beside: input.before === null ? [] : filesBeside(input.before, recorded, input.paths),
    directories: directoriesOf(files, input),
  };
}

/**
 * What this deployment makes, what the one before made, and what its siblings made for files that it has as
 * well: who comes last removes them.
 */
function directoriesOf(files: StagedFile[], { siblings, before }: StageInput): string[] {
  const made = files.filter(({ type }) => type === 'directory').map(({ path }) => path);
  const shared = siblings
    .flatMap(({ record }) => record.directories)
    .filter((directory) => files.some(({ path }) => path.startsWith(`${directory}/`)));
  return [...new Set([...(before?.directories ?? []), ...shared, ...made])].sort();
}

function keptValues({ values, userValues }: DeploymentRecord): KeptValues {
  return { values: new Map(Object.entries(values)), settings: new Map(Object.entries(userValues)) };
}

function recordedFile(file: StagedFile): RecordedFile[] {
  const { path, uid, gid } = file;
  switch (file.type) {
    case 'file': {
      const { mode, source, content, xattrs } = file;
      return [{ path, type: 'file', content, uid, gid, mode, source, ...(xattrs && { xattrs }) }];
    }
    case 'symlink':
      return [{ path, type: 'symlink', content: file.target, uid, gid, mode: 0o777, source: '' }];
    case 'directory':
      return [];
  }
}

/** Of these paths and the directories on the way to them, those that are not there, parents first. */
function missingOf(wanted: string[], paths: Paths): string[] {
  const missing = new Set<string>();
  for (const path of wanted) {
    for (let at = path; !existsSync(paths.follow(at)); at = dirname(at)) missing.add(at);
  }
  return [...missing].sort();
}
