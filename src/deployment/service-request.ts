import { isDeepStrictEqual } from 'node:util';
import type { HostMount } from '../runtime/host-mounts.ts';
import { type Dependencies, NO_DEPENDENCIES } from './dependencies.ts';
import type { DeploymentRecord } from './record.ts';
import type { SocketRequest } from './sockets/socket-request.ts';
import type { Values } from './template/values.ts';

/** What a person asks of a service beside its image. A deployment's record keeps it for the next one. */
export interface ServiceRequest {
  /** Variables of the image's templates. */
  settings: Values;
  /** On other units. */
  dependencies: Readonly<Dependencies>;
  /** What systemd is to listen on; null: what the image wants. */
  sockets: SocketRequest | null;
  mounts: readonly HostMount[];
  /** Directives for the section [Service] of the unit. */
  resources: Readonly<Record<string, string>>;
}

export const NO_REQUEST: ServiceRequest = {
  settings: new Map(),
  dependencies: NO_DEPENDENCIES,
  sockets: null,
  mounts: [],
  resources: {},
};

/** What was asked of a service until now. */
export function requestOf(record: DeploymentRecord): ServiceRequest {
  const { userValues, dependencies, sockets, mounts = [], resources = {} } = record;
  return {
    settings: new Map(Object.entries(userValues)),
    dependencies: dependencies.user,
    sockets,
    mounts,
    resources,
  };
}

export function isSameRequest(one: ServiceRequest, other: ServiceRequest): boolean {
  return isDeepStrictEqual(asRecorded(one), asRecorded(other));
}

/** As it is once it was written and read. */
function asRecorded({ settings, dependencies, sockets, mounts, resources }: ServiceRequest): unknown {
  const values = Object.fromEntries(settings);
  return JSON.parse(JSON.stringify({ values, dependencies, sockets, mounts, resources }));
}
