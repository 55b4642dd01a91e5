import { posix } from 'node:path';
import { isBind, type Mount, type OciConfig } from './oci-config.ts';

/** Where systemd listens for notifications (sd_notify(3)). */
export const NOTIFY_SOCKET = '/run/systemd/notify';

export interface NotifyOptions {
  /** Microseconds between which the watchdog wants to hear of the service; undefined: there is none. */
  watchdog: number | undefined;
}

const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/**
 * A config.json whose processes can notify systemd (sd_notify(3), sd_watchdog_enabled(3)): of READY,
 * STATUS, WATCHDOG and whatever else there is, which a runtime's own proxy would not pass on.
 * WATCHDOG_PID stays unset: which process notifies is the image's business. Pure.
 */
export function addNotifySocket(config: OciConfig, { watchdog }: NotifyOptions): OciConfig {
  const env = (config.process.env ?? []).filter((variable) => !VARIABLES.includes(nameOf(variable)));
  env.push(`NOTIFY_SOCKET=${NOTIFY_SOCKET}`);
  if (watchdog !== undefined) env.push(`WATCHDOG_USEC=${watchdog}`);
  const mounts = config.mounts ?? [];
  return {
    ...config,
    process: { ...config.process, env },
    mounts: showsSocket(mounts) ? mounts : [...mounts, socketMount()],
  };
}

function socketMount(): Mount {
  // Read-only: messages can still be sent, and the socket's mode and owner stay as they are.
  const options = ['bind', 'ro', 'nosuid', 'nodev', 'noexec', 'rprivate'];
  return { destination: NOTIFY_SOCKET, type: 'bind', source: NOTIFY_SOCKET, options };
}

/**
 * A container that has the host's /run has the socket. Another mount on it would, with shared
 * propagation, pile up on the host's own.
 */
function showsSocket(mounts: readonly Mount[]): boolean {
  const covering = mounts.findLast(({ destination }) =>
    isBelow(NOTIFY_SOCKET, posix.resolve('/', destination)),
  );
  if (covering?.source === undefined) return false;
  const inside = posix.relative(posix.resolve('/', covering.destination), NOTIFY_SOCKET);
  return (
    isBind(covering) &&
    posix.join(covering.source, inside).replace(/^\/var\/run\//, '/run/') === NOTIFY_SOCKET
  );
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function nameOf(variable: string): string {
  return variable.slice(0, variable.indexOf('='));
}
