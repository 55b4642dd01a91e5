import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import { type DeploymentRecord, readVendorRecord } from './record.ts';

/** A deployment of the vendor's that a host's own hides. */
export interface HiddenDeployment {
  number: number;
  /** Of its image's manifest. */
  digest: Digest;
  /** True when the operating system has brought another image since the host's own was made. */
  isNew: boolean;
}

/** Where a live deployment comes from. */
export interface Origin {
  /** `override` is a host's own that hides one of the vendor's. */
  origin: 'host' | 'vendor' | 'override';
  /** What an override hides; else null. */
  hides: HiddenDeployment | null;
}

export function readOrigin({ service, overrides, vendor }: DeploymentRecord, paths: Paths): Origin {
  if (vendor || paths.isVendor) return { origin: 'vendor', hides: null };
  const hidden = readVendorRecord(paths, service);
  if (hidden === undefined) return { origin: 'host', hides: null };
  const { number, image } = hidden;
  const isNew = image.manifestDigest !== overrides;
  return { origin: 'override', hides: { number, digest: image.manifestDigest, isNew } };
}
