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
 * The same before a start, where there is hardly ever one: each stop deletes its container, unless the delete was
 * killed, or the unit's file was gone or named another runtime by then. A shell looks first, because a runtime takes
 * many times as long to find nothing, and a start waits for it.
 */
export function deleteLeftover(container: Pick<Container, 'runtime' | 'name'>): string[] {
  const command = deleteContainer(container);
  const state = STATE[container.runtime.name];
  if (state === undefined) return command;
  const look = `[ ! -e ${state}/${containerId(container.name)} ] || exec "$@"`;
  return ['/bin/sh', '-c', look, 'sh', ...command];
}

/** Runs a command inside the running container. */
export function execInContainer(
  { runtime, name }: Pick<Container, 'runtime' | 'name'>,
  command: readonly string[],
): string[] {
  return [runtime.path, 'exec', containerId(name), ...command];
}
