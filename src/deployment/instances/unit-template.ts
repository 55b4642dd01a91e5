import { baseName, containerId, instanceOf, type ServiceName } from '../../service-name.ts';

/** The file of a service's unit: `web.service`, or `web@.service`, which all instances of `web` share. */
export function unitFileName(name: ServiceName): string {
  return `${instanceOf(name) === undefined ? name : `${baseName(name)}@`}.service`;
}

/**
 * The unit of one instance with systemd's specifier %i in the place of the instance's name: for this
 * instance it says the same, and for the others it says the same of them. Other units come out as they are.
 */
export function generalizeUnit(text: string, name: ServiceName): string {
  const instance = instanceOf(name);
  if (instance === undefined) return text;
  return [name, containerId(name)].reduce(
    (unit, own) => unit.replaceAll(own, `${own.slice(0, -instance.length)}%i`),
    text,
  );
}
