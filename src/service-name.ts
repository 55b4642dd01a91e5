import { BerthError } from './errors.ts';

declare const brand: unique symbol;

/**
 * The name of a service that berth installs, also its unit's name and its directory: `web`, or `web@a`
 * for the instance `a` of `web` (systemd.unit(5)).
 */
export type ServiceName = string & { readonly [brand]: 'ServiceName' };

// Letters, digits and ".", "_", "-": what systemd unit names, runc container IDs and file names all
// take without escaping.
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
// A service of such a name would have a unit that nobody means, such as web.service.service.
const SUFFIX = /\.(?:service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;
const LONGEST = 128;

/** Throws `service-name-invalid`. */
export function parseServiceName(text: string): ServiceName {
  const parts = text.split('@');
  if (
    parts.length > 2 ||
    text.length > LONGEST ||
    !parts.every((part) => PART.test(part) && !part.includes('..'))
  ) {
    throw new BerthError('service-name-invalid', `not a service name: ${JSON.stringify(text)}`, {
      hint: `use letters, digits, ".", "_" and "-", at most ${LONGEST} of them, beginning with a letter or a digit; NAME@INSTANCE is one of several instances`,
    });
  }
  const unit = SUFFIX.exec(text)?.[0];
  if (unit !== undefined) {
    throw new BerthError(
      'service-name-invalid',
      `not a service name: ${JSON.stringify(text)}: the name of a unit`,
      {
        hint: `leave out ${unit}`,
      },
    );
  }
  return text as ServiceName;
}

/** What stands before "@", which all instances of a service have in common; the whole name without one. */
export function baseName(name: ServiceName): ServiceName {
  return (name.split('@')[0] ?? name) as ServiceName;
}

/** What stands behind "@"; undefined for a service that is no instance. */
export function instanceOf(name: ServiceName): string | undefined {
  return name.split('@')[1];
}

/** The service's container to the OCI runtime. runc takes no "@" in an ID, and no service's name has a "+". */
export function containerId(name: ServiceName): string {
  return name.replace('@', '+');
}
