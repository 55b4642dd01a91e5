import { BerthError, messageOf } from '../errors.ts';
import type { BusCall } from './bus-call.ts';
import { BusConnection, BusRefusal } from './bus-connection.ts';
import type { BusValue } from './bus-reader.ts';
import { findCulprit } from './culprit.ts';
import { followJob, JobEnds } from './job.ts';
import { isNoSuchUnit, refusal } from './refusal.ts';
import { Snapshot } from './snapshot.ts';
import { dependencyFailure, readFailure, startFailure } from './start-failure.ts';
import type {
  BootTimes,
  JobResult,
  Systemd,
  UnitFailure,
  UnitReport,
  UnitState,
  UnitSummary,
} from './systemd.ts';
import type { UnitLinks } from './unit-links.ts';
import { parseUnitName, type UnitName, unitSuffix } from './unit-name.ts';
import { type BusProperties, type ListedUnit, listedUnits, unitLinks, unitState } from './unit-state.ts';

const MANAGER = { path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager' };
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const JOB_REMOVED =
  "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1'," +
  "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";

// As systemctl: a manager with many units may take longer to read them all than other calls may.
const RELOAD_TIMEOUT = 180_000;

/**
 * The running system's manager, over D-Bus (org.freedesktop.systemd1(5)). It connects with the first
 * call, and again when the connection broke. Any method may throw `systemd-unreachable`, and
 * `permission` where systemd or polkit says no.
 */
export class ManagerBus implements Systemd {
  readonly live = true;
  readonly follows: boolean;
  #connection: Promise<BusConnection> | undefined;
  readonly #subscriptions = new WeakMap<BusConnection, Promise<void>>();

  /** `follows`: see `Systemd`. */
  constructor({ follows = true }: { follows?: boolean } = {}) {
    this.follows = follows;
  }

  async reload(): Promise<void> {
    await this.#call({ ...MANAGER, member: 'Reload' }, 'cannot reload systemd', { timeout: RELOAD_TIMEOUT });
  }

  async needsReload(units: readonly string[]): Promise<boolean> {
    const asked = (await this.#list(units)).map(({ path }) => this.#get('NeedDaemonReload', path, 'Unit'));
    return (await Promise.all(asked)).includes(true);
  }

  async enable(units: string[]): Promise<void> {
    const what = `cannot enable ${units.join(', ')}`;
    const call = { member: 'EnableUnitFiles', body: [names(units), false, false] };
    await this.#call({ ...MANAGER, ...call }, what);
  }

  async disable(units: string[]): Promise<void> {
    const what = `cannot disable ${units.join(', ')}`;
    const call = { member: 'DisableUnitFiles', body: [names(units), false] };
    await this.#call({ ...MANAGER, ...call }, what);
  }

  async start(unit: string): Promise<void> {
    await this.#bringUp('StartUnit', parseUnitName(unit));
  }

  async restart(unit: string): Promise<void> {
    await this.#bringUp('RestartUnit', parseUnitName(unit));
  }

  /** No error for a unit that systemd does not know or that does not run. */
  async stop(unit: string): Promise<void> {
    const name = parseUnitName(unit);
    let result: JobResult | undefined;
    try {
      result = await this.#run('StopUnit', name, 'cannot stop');
    } catch (error) {
      if (isNoSuchUnit(error)) return;
      throw error;
    }
    if (result === 'done') return;
    const { activeState } = await this.state(name);
    if (activeState === 'inactive' || activeState === 'failed') return;
    throw new BerthError(
      'unit-failed',
      `cannot stop: ${name}: job ${result ?? 'lost'}, unit ${activeState}`,
      {
        hint: `systemctl status ${name}`,
      },
    );
  }

  async resetFailed(unit: string): Promise<void> {
    const name = parseUnitName(unit);
    const call = { member: 'ResetFailedUnit', body: [name] };
    try {
      await this.#call({ ...MANAGER, ...call }, `cannot reset: ${name}`);
    } catch (error) {
      if (!isNoSuchUnit(error)) throw error;
    }
  }

  async state(unit: string): Promise<UnitState> {
    const name = parseUnitName(unit);
    return unitState(name, await this.#properties(name));
  }

  async summaries(units: readonly string[]): Promise<UnitSummary[]> {
    const summaries = (await this.#list(units)).map(async ({ path, ...unit }) => ({
      ...unit,
      unitFileState: String(await this.#get('UnitFileState', path, 'Unit')),
    }));
    return await Promise.all(summaries);
  }

  async reports(units: readonly string[]): Promise<UnitReport[]> {
    const reports = (await this.#list(units)).map(async ({ name, path, activeState }) => {
      const properties = await this.#getAll(path, 'Unit', name);
      // All that is asked of services: systemd takes long to tell all of them, with what they use of the machine.
      const runs = name.endsWith('.service') && !/^(?:inactive|failed)$/.test(activeState);
      const mainPid = runs ? Number(await this.#get('MainPID', path, 'Service')) : 0;
      return { ...unitState(name, properties), mainPid, links: unitLinks(name, properties).links };
    });
    return await Promise.all(reports);
  }

  async links(units: readonly string[]): Promise<UnitLinks[]> {
    const found = units.map(async (unit) => {
      const name = parseUnitName(unit);
      return unitLinks(name, await this.#getAll(await this.#load(name), 'Unit', name));
    });
    return await Promise.all(found);
  }

  async failure(unit: string, invocation?: string): Promise<UnitFailure> {
    const name = parseUnitName(unit);
    return await readFailure(name, 'failed', await this.#properties(name), invocation);
  }

  async nextElapse(timer: string): Promise<number> {
    const name = parseUnitName(timer);
    const properties = await this.#getAll(await this.#load(name), 'Timer', name);
    return Number(properties.get('NextElapseUSecRealtime') ?? 0);
  }

  async bootTimes(): Promise<BootTimes> {
    const began = Number(await this.#get('UserspaceTimestampMonotonic'));
    const finished = Number(await this.#get('FinishTimestampMonotonic'));
    return { began, finished };
  }

  async version(): Promise<string> {
    return String(await this.#get('Version'));
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    connection?.close();
  }

  async #bringUp(member: 'StartUnit' | 'RestartUnit', name: UnitName): Promise<void> {
    const result = await this.#begin(member, name);
    if (result === 'done') return;
    const properties = await this.#properties(name);
    // The job's end was missed: its unit tells how it went. One that does its work and ends is inactive.
    const state = unitState(name, properties);
    if (result === undefined && state.activeState !== 'failed' && /^(?:success)?$/.test(state.result)) return;
    const culprit = result === 'dependency' ? await findCulprit(name, new Snapshot(this)) : undefined;
    if (culprit !== undefined) throw dependencyFailure(name, culprit);
    throw startFailure(name, await readFailure(name, result ?? 'failed', properties));
  }

  async #begin(member: string, name: UnitName): Promise<JobResult | undefined> {
    try {
      return await this.#run(member, name, 'cannot start');
    } catch (error) {
      // systemd says the same of a unit that is not there and of one that requires such a one.
      if (!isNoSuchUnit(error) || (await this.state(name)).loadState !== 'loaded') throw error;
      throw new BerthError('unit-failed', messageOf(error), { cause: error });
    }
  }

  async #run(member: string, unit: UnitName, what: string): Promise<JobResult | undefined> {
    const call = { ...MANAGER, member, body: [unit, 'replace'] };
    if (!this.follows && member !== 'StopUnit') {
      await this.#call(call, `${what}: ${unit}`);
      return 'done';
    }
    const connection = await this.#subscribe();
    const ends = new JobEnds(connection);
    try {
      const [path] = await this.#call(call, `${what}: ${unit}`, { on: connection });
      return await followJob(String(path), ends, () => this.#subscribe());
    } finally {
      ends.stop();
    }
  }

  async #properties(unit: UnitName): Promise<BusProperties> {
    const path = await this.#load(unit);
    const general = await this.#getAll(path, 'Unit', unit);
    if (unitSuffix(unit) !== 'service') return general;
    return new Map([...general, ...(await this.#getAll(path, 'Service', unit))]);
  }

  /** These units, in their order, in one call; systemd loads those that it had no need of yet. */
  async #list(units: readonly string[]): Promise<ListedUnit[]> {
    const call = { ...MANAGER, member: 'ListUnitsByNames', body: [names(units)] };
    const [listed] = await this.#call(call, 'cannot read the states of units');
    return listedUnits(listed);
  }

  /** The object path of a unit, which systemd loads when it had no need of it yet. */
  async #load(unit: UnitName): Promise<string> {
    const call = { ...MANAGER, member: 'LoadUnit', body: [unit] };
    const [path] = await this.#call(call, `cannot read the state of ${unit}`);
    return String(path);
  }

  async #getAll(path: string, kind: string, unit: string): Promise<BusProperties> {
    const get = { path, interface: PROPERTIES, member: 'GetAll' };
    const call = { ...get, body: [`org.freedesktop.systemd1.${kind}`] };
    const [properties] = await this.#call(call, `cannot read the state of ${unit}`);
    return properties instanceof Map ? properties : new Map();
  }

  /** A property, of the manager itself unless another object is named. */
  async #get(property: string, path = MANAGER.path, kind = 'Manager'): Promise<unknown> {
    const get = { path, interface: PROPERTIES, member: 'Get' };
    const call = { ...get, body: [`org.freedesktop.systemd1.${kind}`, property] };
    const [value] = await this.#call(call, 'cannot ask systemd');
    return value;
  }

  /** One connection for all: calls that begin at the same time must not each open one. */
  #connect(): Promise<BusConnection> {
    this.#connection = this.#connection === undefined ? BusConnection.open() : reopen(this.#connection);
    return this.#connection;
  }

  /** A connection on which systemd tells of jobs. */
  async #subscribe(): Promise<BusConnection> {
    const connection = await this.#connect();
    // Jobs that begin at the same time must not each subscribe: systemd refuses the second time.
    const subscription = this.#subscriptions.get(connection) ?? subscribe(connection);
    this.#subscriptions.set(connection, subscription);
    await subscription;
    return connection;
  }

  async #call(
    call: BusCall,
    what: string,
    { on, timeout }: { on?: BusConnection; timeout?: number } = {},
  ): Promise<BusValue[]> {
    const connection = on ?? (await this.#connect());
    try {
      return await connection.call(call, timeout);
    } catch (error) {
      throw error instanceof BusRefusal ? refusal(error, what) : error;
    }
  }
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

function names(units: readonly string[]): UnitName[] {
  return units.map(parseUnitName);
}
