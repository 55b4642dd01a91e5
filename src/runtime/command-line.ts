import { containerId, type ServiceName } from '../service-name.ts';
import type { Runtime } from './runtime.ts';

/** Where a runtime keeps the state of root's containers, each below its ID, unless it is told otherwise. */
const STATE: Readonly<Record<string, string>> = { runc: '/run/runc', crun: '/run/crun' };

/** What a unit's commands are about. Paths are as the installed system names them. */
export interface Container {
  runtime: Runtime;
  name: ServiceName;
  /** The directory of config.json and rootfs. */
  bundle: string;
  pidFile: string;
}

/** Starts the container and returns, leaving no process of the runtime: for Type=forking with PIDFile=. */
export function startDetached({ runtime, name, bundle, pidFile }: Container): string[] {
  return [runtime.path, 'run', '--detach', '--bundle', bundle, '--pid-file', pidFile, containerId(name)];
}

/** Makes the container, whose first process waits; its process ID is in the PID file when this returns. */
export function createContainer({ runtime, name, bundle, pidFile }: Container): string[] {
  return [runtime.path, 'create', '--bundle', bundle, '--pid-file', pidFile, containerId(name)];
}

/** Lets the first process of a container go that `createContainer` made. */
export function startCreated({ runtime, name }: Pick<Container, 'runtime' | 'name'>): string[] {
  return [runtime.path, 'start', containerId(name)];
}

/** Runs the container until it ends, with the runtime's process beside it. */
export function runForeground({ runtime, name, bundle }: Omit<Container, 'pidFile'>): string[] {
  return [runtime.path, 'run', '--bundle', bundle, containerId(name)];
}

/** Sends a signal, by number or by name, to the container's first process. */
export function killContainer(
  { runtime, name }: Pick<Container, 'runtime' | 'name'>,
  signal: string,
): string[] {
  return [runtime.path, 'kill', containerId(name), signal];
}

/** Kills what is left of the container and removes its state; quiet when there is none. */
export function deleteContainer({ runtime, name }: Pick<Container, 'runtime' | 'name'>): string[] {
  return [runtime.path, 'delete', '--force', containerId(name)];
}

/**
 * A command that first does the same if a container was left, and then `command`, if any. Hardly ever is there one:
 * each stop deletes its container, unless the delete was killed, or the unit's file was gone or named another runtime
 * by then. A shell looks, because a runtime takes several times as long to find nothing, and a start waits for it.
 */
export function withoutLeftover(
  { runtime, name }: Pick<Container, 'runtime' | 'name'>,
  command: readonly string[] = [],
): string[] {
  const id = containerId(name);
  const state = STATE[runtime.name];
  const look = state === undefined ? '' : `[ ! -e ${state}/${id} ] || `;
  return ['/bin/sh', '-c', `${look}"$0" delete --force ${id}; exec "$@"`, runtime.path, ...command];
}

/** Runs a command inside the running container. */
export function execInContainer(
  { runtime, name }: Pick<Container, 'runtime' | 'name'>,
  command: readonly string[],
): string[] {
  return [runtime.path, 'exec', containerId(name), ...command];
}
