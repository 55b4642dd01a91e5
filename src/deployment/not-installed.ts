import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { baseName, type ServiceName } from '../service-name.ts';
import { listServices } from './record.ts';

/** The error `service-not-found` for the name of a service that is not installed; where it has instances, it names them. */
export function notInstalled(name: ServiceName, paths: Paths): BerthError {
  const instances = listServices(paths).filter((other) => baseName(other) === name);
  const hint = instances.length === 0 ? 'berth list' : `its instances are ${instances.join(' ')}`;
  return new BerthError('service-not-found', `not installed: ${name}`, { hint });
}
