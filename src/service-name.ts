import { BerthError } from './errors.ts';

declare const brand: unique symbol;

/** The name of a service that berth installs: also its unit's name, its directory and its container ID. */
export type ServiceName = string & { readonly [brand]: 'ServiceName' };

// Letters, digits and ".", "_", "-": what systemd unit names, runc container IDs and file names all
// take without escaping. "@" is left out because it marks a unit's instance.
const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Throws `service-name-invalid`. */
export function parseServiceName(text: string): ServiceName {
  if (!PATTERN.test(text) || text.includes('..')) {
    throw new BerthError('service-name-invalid', `not a service name: ${JSON.stringify(text)}`, {
      hint: 'use letters, digits, ".", "_" and "-", at most 128 of them, beginning with a letter or a digit',
    });
  }
  return text as ServiceName;
}
