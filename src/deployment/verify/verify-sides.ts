import { existsSync } from 'node:fs';
import type { ServiceName } from '../../service-name.ts';
import { Store } from '../../store/store.ts';
import type { ImageUse } from '../images-in-use.ts';
import { type VerifyOptions, type VerifyReport, verify } from './verify.ts';

/**
 * Compares the host's own deployments of services, and those of the vendor's. Of these, nothing is put right: that
 * takes another image of the operating system. Otherwise as `verify`.
 */
export async function verifySides(
  services: ServiceName[],
  images: ImageUse[],
  options: VerifyOptions,
): Promise<VerifyReport> {
  const reports: VerifyReport[] = [];
  for (const side of options.paths.sides) {
    const there = services.filter((name) => existsSync(side.service(name)));
    const isOwn = side === options.paths;
    const store = isOwn ? options.store : new Store(side.store);
    const mending = isOwn ? options.mending : 'none';
    reports.push(
      await verify(there, isOwn ? images : [], {
        ...options,
        paths: side,
        store,
        mending,
        host: options.paths,
      }),
    );
  }
  return reports.reduce(join);
}

function join(one: VerifyReport, other: VerifyReport): VerifyReport {
  return {
    differences: [...one.differences, ...other.differences],
    objects: one.objects + other.objects,
    bytes: one.bytes + other.bytes,
    hostFilesPutBack: one.hostFilesPutBack || other.hostFilesPutBack,
    units: [...new Set([...one.units, ...other.units])],
    foreign: [...new Set([...one.foreign, ...other.foreign])],
  };
}
