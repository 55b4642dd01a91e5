import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import type { HostMount } from '../runtime/host-mounts.ts';
import type { MountPoint } from '../runtime/mount-points.ts';
import { parseServiceName, type ServiceName } from '../service-name.ts';
import type { Metadata } from '../store/object.ts';
import type { Dependencies } from './dependencies.ts';
import type { ForeignRootfs } from './foreign-rootfs.ts';
import type { SocketRequest } from './sockets/socket-request.ts';

/** A file or symlink that a deployment put on the host, as it was when it was put there. */
export interface InstalledFile {
  /** As the installed system names it. */
  path: string;
  /** SHA-256 of the content in hex, or the target of a symlink. */
  content: string;
  type: 'file' | 'symlink';
}

/** What else is known of such a file: what `berth verify` compares it with and restores it from. */
export interface RecordedFile extends InstalledFile {
  uid: number;
  gid: number;
  /** Permission bits; those of a symlink mean nothing. */
  mode: number;
  /** Its extended attributes, sorted by name; left out where there are none. */
  xattrs?: Metadata['xattrs'];
  /** The file of the deployment that it is a copy of, relative to the deployment; empty for a symlink. */
  source: string;
}

/** A file in the deployment's own directory, such as config.json; its content is a blob of the store too. */
export interface BundleFile {
  /** Relative to the deployment. */
  path: string;
  digest: Digest;
  mode: number;
}

/** Which of a service's deployments is meant, seen from one side of the system (`Paths.sideOf`). */
export interface DeploymentId {
  number: number;
  /** It lies on the vendor's side, and that is the other one. There is at most one such deployment. */
  vendor?: true;
}

/** `deployment.json`: all that berth must know of a deployment later, when the image may be gone. */
export interface DeploymentRecord extends DeploymentId {
  version: 1;
  service: ServiceName;
  /** The image of the vendor's deployment that it was made to hide; left out where there was none. */
  overrides?: Digest;
  image: {
    /** Fully qualified, as it can be pulled again. */
    name: string;
    manifestDigest: Digest;
    configDigest: Digest;
    /** Bottom layer first. */
    diffIds: Digest[];
    labels: Record<string, string>;
  };
  /** What it runs on instead of the image's checkout. */
  rootfs?: ForeignRootfs;
  /** RFC 3339, UTC. */
  created: string;
  /** Every variable that templates saw. */
  values: Record<string, string>;
  /** The variables that the person who installed it set. */
  userValues: Record<string, string>;
  /** What the image's manifest and the person said beside the unit itself. */
  dependencies: { image: Dependencies; user: Dependencies };
  /** What the person wanted systemd to listen on; null: what the image wants. */
  sockets: SocketRequest | null;
  /** What of the host the person lets it see; left out where that is nothing. */
  mounts?: readonly HostMount[];
  /** Directives that the person wants in the section [Service] of its unit; left out where there are none. */
  resources?: Readonly<Record<string, string>>;
  /** True where `berth apply` installed it: one that host.yaml no longer names can be pruned. */
  declared?: true;
  /** Absolute path of the OCI runtime. */
  runtime: string;
  /** Units that systemd knows it by: the service first, its sockets last; empty for an image without a service. */
  units: string[];
  enabled: boolean;
  /** Units, tmpfiles.d, sysusers.d and host files, in the order in which they were put there. */
  files: RecordedFile[];
  /** Directories made for those files, parents first; removed again when empty. */
  directories: string[];
  /**
   * What arrived for files that a person had changed, beside them as `.berthnew`; a person who has merged
   * one may remove it.
   */
  beside: RecordedFile[];
  /** What its tmpfiles.d file made, in this deployment or an earlier one, and was not there before. */
  state: string[];
  /** What was made in the root file system beside the image, so that the runtime need not, parents first. */
  mountPoints: MountPoint[];
  /** All files of the deployment but its root file system and this record. */
  bundle: BundleFile[];
}

/**
 * The unit that is started, and that is enabled to start at boot: the sockets, where there are any, because
 * the service is then started by who connects. Undefined for an image without a service.
 */
export function mainUnit({ units }: Pick<DeploymentRecord, 'units'>): string | undefined {
  return units.find((unit) => unit.endsWith('.socket')) ?? units[0];
}

/** What `current` names while a deployment is live: nothing, hence null, for the vendor's. */
export function ownNumber({ number, vendor }: DeploymentId): number | null {
  return vendor ? null : number;
}

/** The JSON text of a record. */
export function formatRecord(record: DeploymentRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * The live deployment's record, the host's own or else the vendor's, or undefined when no such service is
 * installed. Throws `deployment-damaged`.
 */
export function readCurrentRecord(paths: Paths, name: ServiceName): DeploymentRecord | undefined {
  const number = readCurrent(paths, name);
  return number === undefined
    ? readVendorRecord(paths, name)
    : readRecordIn(join(paths.service(name), number), paths, name);
}

/** The record of the vendor's deployment, hidden or not; undefined where the vendor has none, or is asked itself. */
export function readVendorRecord(paths: Paths, name: ServiceName): DeploymentRecord | undefined {
  const [, vendor] = paths.sides;
  const record = vendor === undefined ? undefined : readCurrentRecord(vendor, name);
  return record && { ...record, vendor: true };
}

/** The record of any deployment that is kept on this side. Throws `deployment-damaged`, also when there is none. */
export function readRecord(paths: Paths, name: ServiceName, number: number): DeploymentRecord {
  return readRecordIn(paths.deployment(name, number), paths, name);
}

/** What `current` of a service names on this side, undefined where it names nothing. */
export function readCurrent(paths: Paths, name: ServiceName): string | undefined {
  try {
    return readlinkSync(paths.current(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The numbers of a service's deployments on this side, lowest first. */
export function listDeployments(paths: Paths, name: ServiceName): number[] {
  return listDirectory(paths.service(name))
    .filter((entry) => /^(?:0|[1-9]\d{0,14})$/.test(entry))
    .map(Number)
    .sort((a, b) => a - b);
}

function readRecordIn(directory: string, paths: Paths, name: ServiceName): DeploymentRecord {
  const file = join(directory, 'deployment.json');
  try {
    return parseRecord(readRegularText(file));
  } catch (error) {
    throw new BerthError('deployment-damaged', `cannot read the record: ${file}: ${messageOf(error)}`, {
      hint: `look at ${paths.service(name)}`,
      cause: error,
    });
  }
}

/** The names of installed services, the host's own and the vendor's, sorted. */
export function listServices(paths: Paths): ServiceName[] {
  const names = paths.sides.flatMap((side) => listDirectory(side.deployments));
  return [...new Set(names)].sort().map(parseServiceName);
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function parseRecord(text: string): DeploymentRecord {
  const record = JSON.parse(text) as DeploymentRecord;
  if (record.version !== 1) throw new Error(`version ${record.version} is not known to this berth`);
  parseServiceName(record.service);
  parseDigest(record.image.manifestDigest);
  return record;
}
