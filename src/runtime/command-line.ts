import { containerId, type ServiceName } from '../service-name.ts';
import type { ImageUser } from './image-user.ts';
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

/** Prints the container's state as JSON (OCI runtime spec, runtime.md, "State"); fails where there is no container. */
export function queryContainer({ runtime, name }: Pick<Container, 'runtime' | 'name'>): string[] {
  return [runtime.path, 'state', containerId(name)];
}

/** How a command runs inside a container where that is not as the service itself does. */
export interface ExecOptions {
  /** With a terminal of its own in the place of the caller's. */
  terminal?: boolean;
  /** Absolute, in the container. */
  directory?: string | undefined;
  user?: Pick<ImageUser, 'uid' | 'gid' | 'additionalGids'> | undefined;
  /** NAME=VALUE each. */
  env?: readonly string[];
}

/** Runs a command inside the running container. */
export function execInContainer(
  { runtime, name }: Pick<Container, 'runtime' | 'name'>,
  command: readonly string[],
  { terminal = false, directory, user, env = [] }: ExecOptions = {},
): string[] {
  // crun has no option for them.
  const groups = runtime.name === 'crun' ? [] : (user?.additionalGids ?? []);
  return [
    ...[runtime.path, 'exec'],
    ...(terminal ? ['--tty'] : []),
    ...(directory === undefined ? [] : ['--cwd', directory]),
    ...(user === undefined ? [] : ['--user', `${user.uid}:${user.gid}`]),
    ...groups.flatMap((gid) => ['--additional-gids', String(gid)]),
    ...env.flatMap((variable) => ['--env', variable]),
    ...[containerId(name), ...command],
  ];
}
