import type { InstallTarget } from '../../deployment/plan/install.ts';
import type { UpdateTarget } from '../../deployment/plan/update.ts';
import { type DeploymentRecord, readCurrentRecord } from '../../deployment/record.ts';
import { isSameRequest, requestOf, type ServiceRequest } from '../../deployment/service-request.ts';
import type { Paths } from '../../paths.ts';
import { mayMean, parseImageReference } from '../../reference/image-reference.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { DeclaredService } from '../declared-service.ts';

/** Where the image of a declared service comes from; `before`: the service's live deployment, if it has one. */
export type OpenDeclared = (service: DeclaredService, before?: DeploymentRecord) => ImageSource;

/** What is declared, as far as it is to be installed, and as far as it is there and may change. */
export interface Targets {
  install: InstallTarget[];
  update: UpdateTarget[];
}

/** Services, and where their images come from. */
export interface TargetRequest {
  services: readonly DeclaredService[];
  open: OpenDeclared;
  /** False for services that no host.yaml of this host declares: `berth apply --prune` is not to remove them. */
  declared?: boolean;
}

/** Throws `deployment-damaged`. */
export function findTargets({ services, open, declared = true }: TargetRequest, paths: Paths): Targets {
  const targets: Targets = { install: [], update: [] };
  for (const service of services) {
    const before = readCurrentRecord(paths, service.name);
    if (before === undefined) targets.install.push({ ...installTarget(service, open), declared });
    else targets.update.push({ ...updateTarget(service, before, open), declared });
  }
  return targets;
}

function installTarget(service: DeclaredService, open: OpenDeclared): Omit<InstallTarget, 'declared'> {
  const { name, image, enabled } = service;
  return { ...requestFor(service), name, image, enable: enabled, open: () => open(service) };
}

function updateTarget(service: DeclaredService, before: DeploymentRecord, open: OpenDeclared): UpdateTarget {
  return {
    name: service.name,
    request: () => requestFor(service),
    rootfs: undefined,
    rebased: !isImageOf(service, before),
    open: (record) => open(service, record),
  };
}

/** True where a deployment is made of the image that is declared, whatever its tag stood for then. */
export function isImageOf({ image }: DeclaredService, { image: { name } }: DeploymentRecord): boolean {
  return mayMean(parseImageReference(image), name);
}

/** True where nothing but the image of a deployment can differ from what is declared. */
export function isAsDeclared(service: DeclaredService, before: DeploymentRecord): boolean {
  return isSameRequest(requestFor(service), requestOf(before));
}

function requestFor(service: DeclaredService): ServiceRequest {
  const { values, dependencies, sockets, mounts, resources } = service;
  return { settings: new Map(Object.entries(values)), dependencies, sockets, mounts, resources };
}
