import { createHash } from 'node:crypto';
import { BerthError, isErrno, messageOf } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import { writeDurably } from '../../linux/durable.ts';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import type { DeclaredService } from '../declared-service.ts';

/** `/var/lib/berth/apply.json`: what the last apply left to be known. */
export interface Applied {
  version: 1;
  /** Of all that was declared, when the host came to be so; null when something failed. */
  fingerprint: string | null;
  /** When each of the services is updated, by its name. */
  update: Record<string, DeclaredService['update']>;
  /** The manifest that each digest of the lock came to on this host, where it was an index. */
  locked: Record<string, Digest>;
}

/** As it was left on this host, or else in the image of its operating system. Throws `deployment-damaged`. */
export function readApplied(paths: Paths): Applied {
  const found = paths.sides.map(readAppliedOn).find((applied) => applied !== undefined);
  return found ?? { version: 1, fingerprint: null, update: {}, locked: {} };
}

function readAppliedOn({ applied: file }: Paths): Applied | undefined {
  try {
    const applied = JSON.parse(readRegularText(file)) as Applied;
    if (applied.version !== 1) throw new Error(`version ${applied.version} is not known to this berth`);
    return applied;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw new BerthError('deployment-damaged', `cannot read: ${file}: ${messageOf(error)}`, {
      hint: `rm ${file}; berth apply`,
      cause: error,
    });
  }
}

/** Leaves it durably; the caller holds the writer's lock. */
export function writeApplied(paths: Paths, applied: Applied): void {
  writeDurably(paths.applied, `${JSON.stringify(applied, null, 2)}\n`, 0o600);
}

/** All that decides what the host comes to be, and that can be known without asking a registry. */
export interface Declaration {
  services: readonly DeclaredService[];
  /** The images of the bundle that is to be used, and the lock, as JSON values; null for none. */
  bundled: unknown;
  lock: unknown;
}

/** The same for the same declaration, wherever its services are declared: SHA-256 in hex. */
export function fingerprintOf({ services, bundled, lock }: Declaration): string {
  const declared = services.map(({ position: _, ...service }) => service);
  return createHash('sha256').update(JSON.stringify({ declared, bundled, lock })).digest('hex');
}
