import type { UnitState } from './systemd.ts';

/** Properties of an object on the bus, unwrapped: 64-bit integers are BigInt, bytes are a Buffer. */
export type BusProperties = ReadonlyMap<string, unknown>;

/** The answer of org.freedesktop.DBus.Properties.GetAll, an a{sv}. */
export function unwrapProperties(answer: unknown): BusProperties {
  const properties = new Map<string, unknown>();
  if (typeof answer !== 'object' || answer === null) return properties;
  for (const [key, variant] of Object.entries(answer)) properties.set(key, unwrapVariant(variant));
  return properties;
}

/** The value in a variant; anything else as it is. */
export function unwrapVariant(variant: unknown): unknown {
  return typeof variant === 'object' && variant !== null && 'value' in variant ? variant.value : variant;
}

/** What systemd's properties of a unit, and of a service where it is one, say of it now. */
export function unitState(unit: string, properties: BusProperties): UnitState {
  return {
    name: unit,
    description: text(properties, 'Description'),
    loadState: text(properties, 'LoadState'),
    activeState: text(properties, 'ActiveState'),
    subState: text(properties, 'SubState'),
    unitFileState: text(properties, 'UnitFileState'),
    result: text(properties, 'Result'),
    mainPid: number(properties, 'MainPID'),
    execMainStatus: number(properties, 'ExecMainStatus'),
    restarts: number(properties, 'NRestarts'),
    stateChanged: number(properties, 'StateChangeTimestamp'),
    controlGroup: text(properties, 'ControlGroup'),
    fragmentPath: text(properties, 'FragmentPath'),
  };
}

function text(properties: BusProperties, key: string): string {
  const value = properties.get(key);
  return typeof value === 'string' ? value : '';
}

function number(properties: BusProperties, key: string): number {
  const value = properties.get(key);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}
