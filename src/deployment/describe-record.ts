import { type Digest, parseDigest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { ForeignRootfs } from './foreign-rootfs.ts';
import { type Origin, readOrigin } from './origin.ts';
import type { DeploymentRecord, RecordedFile } from './record.ts';

/** A file on the host; a symlink has a target instead of a digest. */
export interface FileDescription
  extends Pick<RecordedFile, 'path' | 'type' | 'uid' | 'gid' | 'mode' | 'source'> {
  /** Of its content. */
  digest: Digest | null;
  target: string | null;
  xattrs: NonNullable<RecordedFile['xattrs']>;
}

type AsRecorded = Pick<
  DeploymentRecord,
  | 'created'
  | 'values'
  | 'userValues'
  | 'dependencies'
  | 'sockets'
  | 'runtime'
  | 'units'
  | 'enabled'
  | 'directories'
  | 'state'
  | 'mountPoints'
  | 'bundle'
>;

/** What `berth inspect` tells of a service: its record, in the words of the other commands and with nothing left out. */
export interface RecordDescription extends AsRecorded, Origin {
  service: ServiceName;
  deployment: number;
  image: Omit<DeploymentRecord['image'], 'manifestDigest'> & { digest: Digest };
  rootfs: ForeignRootfs | null;
  mounts: NonNullable<DeploymentRecord['mounts']>;
  resources: NonNullable<DeploymentRecord['resources']>;
  declared: boolean;
  files: FileDescription[];
  beside: FileDescription[];
}

/** Describes a live deployment by its record. Throws as `readVendorRecord`. */
export function describeRecord(record: DeploymentRecord, paths: Paths): RecordDescription {
  const { version: _, service, number, vendor: __, overrides: ___, ...rest } = record;
  const { manifestDigest, ...image } = record.image;
  return {
    service,
    deployment: number,
    ...readOrigin(record, paths),
    ...rest,
    image: { ...image, digest: manifestDigest },
    rootfs: record.rootfs ?? null,
    mounts: record.mounts ?? [],
    resources: record.resources ?? {},
    declared: record.declared ?? false,
    files: record.files.map(describeFile),
    beside: record.beside.map(describeFile),
  };
}

function describeFile({ content, xattrs = [], ...file }: RecordedFile): FileDescription {
  const isFile = file.type === 'file';
  return {
    ...file,
    digest: isFile ? parseDigest(`sha256:${content}`) : null,
    target: isFile ? null : content,
    xattrs,
  };
}
