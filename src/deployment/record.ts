import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import { parseServiceName, type ServiceName } from '../service-name.ts';

/** A file or symlink that a deployment put on the host, as it was when it was put there. */
export interface InstalledFile {
  /** As the installed system names it. */
  path: string;
  /** SHA-256 of the content in hex, or the target of a symlink. */
  content: string;
  type: 'file' | 'symlink';
}

/** `deployment.json`: all that berth must know of a deployment later, when the image may be gone. */
export interface DeploymentRecord {
  version: 1;
  service: ServiceName;
  number: number;
  image: {
    /** Fully qualified, as it can be pulled again. */
    name: string;
    manifestDigest: Digest;
    configDigest: Digest;
    /** Bottom layer first. */
    diffIds: Digest[];
    labels: Record<string, string>;
  };
  /** RFC 3339, UTC. */
  created: string;
  /** Every variable that templates saw. */
  values: Record<string, string>;
  /** The variables that the person who installed it set. */
  userValues: Record<string, string>;
  /** Absolute path of the OCI runtime. */
  runtime: string;
  /** Units that systemd knows it by, the service first; empty for an image without a service. */
  units: string[];
  enabled: boolean;
  /** Units, tmpfiles.d, sysusers.d and host files, in the order in which they were put there. */
  files: InstalledFile[];
  /** Directories made for those files, parents first; removed again when empty. */
  directories: string[];
}

/** The JSON text of a record. */
export function formatRecord(record: DeploymentRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The live deployment's record, or undefined when no such service is installed. Throws `deployment-damaged`. */
export function readCurrentRecord(paths: Paths, name: ServiceName): DeploymentRecord | undefined {
  let number: string;
  try {
    number = readlinkSync(paths.current(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const file = join(paths.service(name), number, 'deployment.json');
  try {
    return parseRecord(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new BerthError('deployment-damaged', `cannot read the record: ${file}: ${messageOf(error)}`, {
      hint: `look at ${paths.service(name)}`,
      cause: error,
    });
  }
}

/** The names of installed services, sorted. */
export function listServices(paths: Paths): ServiceName[] {
  let names: string[];
  try {
    names = readdirSync(paths.deployments);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return names.sort().map(parseServiceName);
}

function parseRecord(text: string): DeploymentRecord {
  const record = JSON.parse(text) as DeploymentRecord;
  if (record.version !== 1) throw new Error(`version ${record.version} is not known to this berth`);
  parseServiceName(record.service);
  parseDigest(record.image.manifestDigest);
  return record;
}
