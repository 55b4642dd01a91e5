import type { UnitState, UnitSummary } from './systemd.ts';
import { makeLinks, REVERSE_DIRECTIVES, UNIT_DIRECTIVES, type UnitLinks } from './unit-links.ts';

/** Properties of an object on the bus, by their names; bytes are a Buffer. */
export type BusProperties = ReadonlyMap<unknown, unknown>;

/** What systemd's properties of a unit, and of a service where it is one, say of it now. */
export function unitState(unit: string, properties: BusProperties): UnitState {
  return {
    name: unit,
    description: text(properties, 'Description'),
    loadState: text(properties, 'LoadState'),
    activeState: text(properties, 'ActiveState'),
    subState: text(properties, 'SubState'),
    unitFileState: text(properties, 'UnitFileState'),
    type: text(properties, 'Type'),
    invocation: invocationOf(properties),
    result: text(properties, 'Result'),
    mainPid: number(properties, 'MainPID'),
    execMainStatus: number(properties, 'ExecMainStatus'),
    restarts: number(properties, 'NRestarts'),
    hasJob: jobOf(properties) !== 0,
    needsReload: properties.get('NeedDaemonReload') === true,
    stateChanged: number(properties, stateTimestamp(text(properties, 'ActiveState'))),
    controlGroup: text(properties, 'ControlGroup'),
    fragmentPath: text(properties, 'FragmentPath'),
    monotonic: {
      inactiveExit: number(properties, 'InactiveExitTimestampMonotonic'),
      activeEnter: number(properties, 'ActiveEnterTimestampMonotonic'),
      activeExit: number(properties, 'ActiveExitTimestampMonotonic'),
      inactiveEnter: number(properties, 'InactiveEnterTimestampMonotonic'),
    },
  };
}

/** The property that tells since when a unit is in this state; what is inactive and never ran has another StateChangeTimestamp. */
export function stateTimestamp(activeState: string): string {
  return activeState === 'inactive' ? 'InactiveEnterTimestamp' : 'StateChangeTimestamp';
}

/** The number of its job, a (uo); 0 for none. */
function jobOf(properties: BusProperties): number {
  const job = properties.get('Job');
  return Array.isArray(job) ? Number(job[0]) : 0;
}

/** The ID of its last start, in the form of the journal's fields; empty before the first. */
export function invocationOf(properties: BusProperties): string {
  const id = properties.get('InvocationID');
  return Buffer.isBuffer(id) && id.length === 16 ? id.toString('hex') : '';
}

/** A unit as the manager lists it; `path` is its object. */
export type ListedUnit = Pick<UnitSummary, 'name' | 'loadState' | 'activeState' | 'subState'> & {
  path: string;
};

/** The answer of ListUnitsByNames and its like, an a(ssssssouso), as far as it tells of states. */
export function listedUnits(answer: unknown): ListedUnit[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((fields: unknown[]) => {
    const [name = '', , loadState = '', activeState = '', subState = '', , path = ''] = fields.map(String);
    return { name, loadState, activeState, subState, path };
  });
}

/** Such as "active (running)"; a word alone where both are the same, as of what has "failed". */
export function withDetail(state: string, detail: string): string {
  return state === detail ? state : `${state} (${detail})`;
}

/** When it came into its state, RFC 3339, UTC; null for never since the boot. */
export function sinceOf({ stateChanged }: Pick<UnitState, 'stateChanged'>): string | null {
  return stateChanged > 0 ? new Date(stateChanged / 1000).toISOString() : null;
}

/** What systemd's properties of a unit say of it and others; dependencies that systemd adds itself are among them. */
export function unitLinks(unit: string, properties: BusProperties): UnitLinks {
  // Asked for by another name, a unit answers with its own.
  const name = text(properties, 'Id') || unit;
  const directives = Object.entries({ ...UNIT_DIRECTIVES, ...REVERSE_DIRECTIVES });
  return {
    name,
    aliases: names(properties, 'Names').filter((other) => other !== name),
    loadState: text(properties, 'LoadState'),
    links: directives.flatMap(([key, direction]) => makeLinks(name, direction, names(properties, key))),
  };
}

function names(properties: BusProperties, key: string): string[] {
  const value = properties.get(key);
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function text(properties: BusProperties, key: string): string {
  const value = properties.get(key);
  return typeof value === 'string' ? value : '';
}

function number(properties: BusProperties, key: string): number {
  const value = properties.get(key);
  return typeof value === 'number' ? value : 0;
}
