import { BerthError } from '../../errors.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import type { ServiceName } from '../../service-name.ts';
import { parseUnitFile, type UnitFile } from '../../systemd/unit-file.ts';
import type { UnitAddition } from '../render/unit-additions.ts';
import { socketUnit } from './render-sockets.ts';
import type { SocketRequest } from './socket-request.ts';

/** A name for each descriptor that a service gets, in their order. */
export function descriptorNames(name: ServiceName, { listen }: SocketRequest): string[] {
  // The name that systemd itself gives to a socket without one.
  return listen.map((spec) => spec.name ?? socketUnit(name));
}

/**
 * The same for the socket unit that an image ships. Throws `template-invalid` for one that is of no use to
 * its service: with Accept=yes, or for another service.
 */
export function shippedDescriptorNames(name: ServiceName, text: string): string[] {
  const unit = parseUnitFile(text, socketUnit(name));
  const refuse = (cause: string): never => {
    throw new BerthError(
      'template-invalid',
      `cannot use the socket of the image: ${socketUnit(name)}: ${cause}`,
    );
  };
  if (/^(?:1|yes|y|true|t|on)$/i.test(unit.get('Socket', 'Accept') ?? 'no'))
    refuse('Accept=yes would start a container for each connection');
  const service = unit.get('Socket', 'Service') || `${name}.service`;
  if (service !== `${name}.service`) refuse(`it is for ${service}`);
  const sockets = unit.entries.filter(({ section, key }) => section === 'Socket' && /^Listen\w+$/.test(key));
  // An empty one forgets those before it.
  const listening = sockets.slice(sockets.findLastIndex(({ value }) => value === '') + 1);
  if (listening.length === 0) refuse('it has no Listen directive');
  const label = unit.get('Socket', 'FileDescriptorName') || socketUnit(name);
  return listening.map(() => label);
}

/**
 * Tells the container the names of its descriptors: runc passes LISTEN_FDS on, but not LISTEN_FDNAMES. They
 * are known here because one socket unit has them all, and systemd keeps the order of its lines.
 */
export function nameDescriptors(config: OciConfig, names: readonly string[]): OciConfig {
  const { env = [] } = config.process;
  const own = env.some((variable) => variable.startsWith('LISTEN_FDNAMES='));
  if (own || names.length === 0) return config;
  return { ...config, process: { ...config.process, env: [...env, `LISTEN_FDNAMES=${names.join(':')}`] } };
}

/**
 * What a service that gets its sockets from systemd needs. With Sockets= it gets them however it is started;
 * without, a start by name would find none. And a few restarts in a row must not close the sockets, as
 * systemd does when it refuses to start the service once more.
 */
export function addActivation(unit: UnitFile, name: ServiceName): UnitAddition[] {
  return [
    ...addStartLimit(unit),
    ...(unit.all('Service', 'Sockets').length > 0
      ? []
      : [{ section: 'Service', key: 'Sockets', value: socketUnit(name) } as const]),
  ];
}

/** What a service behind a proxy needs: with `idle`, it stops when its proxy has. */
export function addProxied(unit: UnitFile, idle: string | null): UnitAddition[] {
  return [
    ...addStartLimit(unit),
    ...(idle === null ? [] : [{ section: 'Unit', key: 'StopWhenUnneeded', value: 'yes' } as const]),
  ];
}

// As in templates/proxy.service.ejs. A service that fails at each start still reaches it.
function addStartLimit(unit: UnitFile): UnitAddition[] {
  const limits: UnitAddition[] = [
    { section: 'Unit', key: 'StartLimitIntervalSec', value: '30' },
    { section: 'Unit', key: 'StartLimitBurst', value: '20' },
  ];
  return limits.some(({ section, key }) => unit.get(section, key) !== undefined) ? [] : limits;
}
