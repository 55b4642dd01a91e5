import { BerthError } from '../errors.ts';
import type { BusRefusal } from './bus-connection.ts';

const DENIED =
  /\.(AccessDenied|AuthFailed|InteractiveAuthorizationRequired)$|\.Error\.EPERM$|\.Error\.EACCES$/;

/** The error of what systemd or polkit refused: `permission`, `service-not-found` for a unit that is not there, or `systemd-refused`. */
export function refusal(error: BusRefusal, what: string): BerthError {
  const message = `${what}: ${error.message.replace(/\.$/, '')}`;
  if (DENIED.test(error.type))
    return new BerthError('permission', message, { hint: 'run it as root', cause: error });
  if (/\.NoSuchUnit$/.test(error.type)) return new BerthError('service-not-found', message, { cause: error });
  return new BerthError('systemd-refused', message, { cause: error });
}

/** True where systemd does not know a unit, or one that it requires. */
export function isNoSuchUnit(error: unknown): boolean {
  return error instanceof BerthError && error.code === 'service-not-found';
}
