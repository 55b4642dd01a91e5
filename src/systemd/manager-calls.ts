import type { BusCall } from './bus-call.ts';
import { BusConnection, BusRefusal } from './bus-connection.ts';
import type { BusValue } from './bus-reader.ts';
import { refusal } from './refusal.ts';
import { parseUnitName, type UnitName, unitSuffix } from './unit-name.ts';
import { type BusProperties, type ListedUnit, listedUnits } from './unit-state.ts';

const MANAGER = { path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager' };
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const SIGNALS = "type='signal',sender='org.freedesktop.systemd1'";
const OF_MANAGER = `${SIGNALS},path='${MANAGER.path}',interface='${MANAGER.interface}'`;
const JOB_REMOVED = `${OF_MANAGER},member='JobRemoved'`;
const RELOADING = `${OF_MANAGER},member='Reloading'`;
const UNITS = `${MANAGER.path}/unit`;
const CHANGED = `${SIGNALS},path_namespace='${UNITS}',interface='${PROPERTIES}',member='PropertiesChanged'`;

interface CallOptions {
  body?: BusCall['body'];
  /** A connection of `subscribe`; else any. */
  on?: BusConnection;
  /** Milliseconds; that of all calls without it. */
  timeout?: number;
}

/**
 * What is asked of systemd's manager (org.freedesktop.systemd1(5)), over one connection: it is opened by the
 * first call, and again when it broke. Any method may throw `systemd-unreachable`, and what `refusal` makes
 * of an error.
 */
export class ManagerCalls {
  #connection: Promise<BusConnection> | undefined;
  readonly #subscriptions = new WeakMap<BusConnection, Promise<void>>();
  readonly #watched = new WeakSet<BusConnection>();

  /** Calls a method of the manager; `what` is what cannot be done when it refuses. */
  async call(member: string, what: string, { body, on, timeout }: CallOptions = {}): Promise<BusValue[]> {
    return await this.#call({ ...MANAGER, member, ...(body && { body }) }, what, on, timeout);
  }

  /** A property, of the manager itself unless another object is named. */
  async get(property: string, path = MANAGER.path, kind = 'Manager'): Promise<unknown> {
    const get = { path, interface: PROPERTIES, member: 'Get' };
    const call = { ...get, body: [`org.freedesktop.systemd1.${kind}`, property] };
    const [value] = await this.#call(call, 'cannot ask systemd');
    return value;
  }

  /** All properties that a unit's object has by one of its kinds, such as Unit and Service. */
  async getAll(path: string, kind: string, unit: string): Promise<BusProperties> {
    const get = { path, interface: PROPERTIES, member: 'GetAll' };
    const call = { ...get, body: [`org.freedesktop.systemd1.${kind}`] };
    const [properties] = await this.#call(call, `cannot read the state of ${unit}`);
    return properties instanceof Map ? properties : new Map();
  }

  /** All properties of a unit, and of a service what it is as such. */
  async properties(unit: UnitName): Promise<BusProperties> {
    const path = await this.load(unit);
    const general = await this.getAll(path, 'Unit', unit);
    if (unitSuffix(unit) !== 'service') return general;
    return new Map([...general, ...(await this.getAll(path, 'Service', unit))]);
  }

  /** The object path of a unit, which systemd loads when it had no need of it yet. */
  async load(unit: UnitName): Promise<string> {
    const [path] = await this.call('LoadUnit', `cannot read the state of ${unit}`, { body: [unit] });
    return String(path);
  }

  /** These units, in their order, in one call; systemd loads those that it had no need of yet. */
  async list(units: readonly string[]): Promise<ListedUnit[]> {
    return await this.#list('ListUnitsByNames', [names(units)]);
  }

  /** The names of those units that systemd has loaded, because they run or another unit names them. */
  async loaded(units: readonly string[]): Promise<Set<string>> {
    // The names are patterns there. None has a character of patterns, and "\" is none: FNM_NOESCAPE.
    const found = await this.#list('ListUnitsByPatterns', [[], names(units)]);
    return new Set(found.map(({ name }) => name));
  }

  /** A connection on which systemd tells of jobs and of what is watched. */
  async subscribe(): Promise<BusConnection> {
    const connection = await this.#connect();
    // Jobs that begin at the same time must not each subscribe: systemd refuses the second time.
    const subscription = this.#subscriptions.get(connection) ?? subscribe(connection);
    this.#subscriptions.set(connection, subscription);
    await subscription;
    return connection;
  }

  /** See `Systemd.watch`. */
  async watch(onChange: (unit: string | null) => void): Promise<() => void> {
    const connection = await this.subscribe();
    const stop = connection.listen(({ member, path }) => {
      if (member === 'Reloading') onChange(null);
      if (member === 'PropertiesChanged') onChange(unitOfPath(path));
    });
    // Each rule counts against a limit of the bus (max_match_rules_per_connection, dbus-daemon(1)).
    if (this.#watched.has(connection)) return stop;
    this.#watched.add(connection);
    for (const rule of [RELOADING, CHANGED]) await connection.match(rule);
    return stop;
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    connection?.close();
  }

  async #list(member: string, body: readonly UnitName[][]): Promise<ListedUnit[]> {
    const [listed] = await this.call(member, 'cannot read the states of units', { body });
    return listedUnits(listed);
  }

  /** One connection for all: calls that begin at the same time must not each open one. */
  #connect(): Promise<BusConnection> {
    this.#connection = this.#connection === undefined ? BusConnection.open() : reopen(this.#connection);
    return this.#connection;
  }

  async #call(call: BusCall, what: string, on?: BusConnection, timeout?: number): Promise<BusValue[]> {
    const connection = on ?? (await this.#connect());
    try {
      return await connection.call(call, timeout);
    } catch (error) {
      throw error instanceof BusRefusal ? refusal(error, what) : error;
    }
  }
}

/** Texts as names of units. Throws `unit-invalid`. */
export function names(units: readonly string[]): UnitName[] {
  return units.map(parseUnitName);
}

/** The unit of an object: "web_2eservice" in its path is "web.service". */
function unitOfPath(path: string): string {
  const hex = (_: string, code: string) => String.fromCharCode(Number.parseInt(code, 16));
  return path.slice(UNITS.length + 1).replace(/_([0-9a-f]{2})/g, hex);
}

async function subscribe(connection: BusConnection): Promise<void> {
  await connection.match(JOB_REMOVED);
  await connection.call({ ...MANAGER, member: 'Subscribe' });
}

async function reopen(last: Promise<BusConnection>): Promise<BusConnection> {
  const connection = await last.catch(() => undefined);
  if (connection?.open === true) return connection;
  connection?.close();
  return await BusConnection.open();
}
