import { Paths } from '../paths.ts';
import { readFileLinks } from './file-links.ts';
import { ManagerCalls, names } from './manager-calls.ts';
import { isNoSuchUnit } from './refusal.ts';
import { readFailure } from './start-failure.ts';
import type { BootTimes, Systemd, UnitFailure, UnitReport, UnitState, UnitSummary } from './systemd.ts';
import { plainFileState } from './unit-file-state.ts';
import { UnitFiles } from './unit-files.ts';
import { UnitJobs } from './unit-jobs.ts';
import type { UnitLinks } from './unit-links.ts';
import { parseUnitName } from './unit-name.ts';
import { usualControlGroup } from './unit-processes.ts';
import { type ListedUnit, stateTimestamp, unitLinks, unitState } from './unit-state.ts';

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
  readonly #manager = new ManagerCalls();
  readonly #jobs = new UnitJobs(this.#manager, this);

  /** `follows`: see `Systemd`. */
  constructor({ follows = true }: { follows?: boolean } = {}) {
    this.follows = follows;
  }

  async reload(): Promise<void> {
    await this.#manager.call('Reload', 'cannot reload systemd', { timeout: RELOAD_TIMEOUT });
  }

  async needsReload(units: readonly string[]): Promise<boolean> {
    const listed = await this.#manager.list(units);
    const asked = listed.map(({ path }) => this.#manager.get('NeedDaemonReload', path, 'Unit'));
    return (await Promise.all(asked)).includes(true);
  }

  async enable(units: string[]): Promise<void> {
    const what = `cannot enable ${units.join(', ')}`;
    await this.#manager.call('EnableUnitFiles', what, { body: [names(units), false, false] });
  }

  async disable(units: string[]): Promise<void> {
    const what = `cannot disable ${units.join(', ')}`;
    await this.#manager.call('DisableUnitFiles', what, { body: [names(units), false] });
  }

  async start(unit: string): Promise<void> {
    await this.#jobs.bringUp('StartUnit', parseUnitName(unit));
  }

  async restart(unit: string): Promise<void> {
    await this.#jobs.bringUp('RestartUnit', parseUnitName(unit));
  }

  async stop(unit: string): Promise<void> {
    await this.#jobs.stop(parseUnitName(unit));
  }

  async resetFailed(unit: string): Promise<void> {
    const name = parseUnitName(unit);
    try {
      await this.#manager.call('ResetFailedUnit', `cannot reset: ${name}`, { body: [name] });
    } catch (error) {
      if (!isNoSuchUnit(error)) throw error;
    }
  }

  async state(unit: string): Promise<UnitState> {
    const name = parseUnitName(unit);
    return unitState(name, await this.#manager.properties(name));
  }

  async summaries(units: readonly string[]): Promise<UnitSummary[]> {
    const files = new UnitFiles(new Paths());
    const { listed, loaded } = await this.#list(units);
    const found = listed.map((unit) =>
      loaded.has(unit) ? this.#summary(unit, files) : this.#atRest(unit, files),
    );
    return await Promise.all(found);
  }

  async reports(units: readonly string[]): Promise<UnitReport[]> {
    const files = new UnitFiles(new Paths());
    const { listed, loaded } = await this.#list(units);
    const links = listed.flatMap((unit) => (loaded.has(unit) ? [] : readFileLinks(files, unit.name).links));
    const reports = listed.map(async (unit): Promise<UnitReport> => {
      if (loaded.has(unit)) return await this.#report(unit);
      const own = links.filter(({ from }) => from === unit.name);
      return { ...(await this.#atRest(unit, files)), links: own };
    });
    return await Promise.all(reports);
  }

  async watch(onChange: (unit: string | null) => void): Promise<() => void> {
    return await this.#manager.watch(onChange);
  }

  async links(units: readonly string[]): Promise<UnitLinks[]> {
    const found = names(units).map(async (name) =>
      unitLinks(name, await this.#manager.getAll(await this.#manager.load(name), 'Unit', name)),
    );
    return await Promise.all(found);
  }

  async failure(unit: string, invocation?: string): Promise<UnitFailure> {
    const name = parseUnitName(unit);
    return await readFailure(name, 'failed', await this.#manager.properties(name), invocation);
  }

  async nextElapse(timer: string): Promise<number> {
    const name = parseUnitName(timer);
    const path = await this.#manager.load(name);
    return Number(await this.#manager.get('NextElapseUSecRealtime', path, 'Timer'));
  }

  async bootTimes(): Promise<BootTimes> {
    const began = Number(await this.#manager.get('UserspaceTimestampMonotonic'));
    const finished = Number(await this.#manager.get('FinishTimestampMonotonic'));
    return { began, finished };
  }

  async version(): Promise<string> {
    return String(await this.#manager.get('Version'));
  }

  async close(): Promise<void> {
    await this.#manager.close();
  }

  /** Units in their order, and those among them that systemd has loaded: any question about another loads it anew. */
  async #list(units: readonly string[]): Promise<{ listed: ListedUnit[]; loaded: Set<ListedUnit> }> {
    // Asked first: a list loads all of its units for a moment.
    const names = await this.#manager.loaded(units);
    const listed = await this.#manager.list(units);
    // By another name of it, a unit that runs would not be found.
    const loaded = listed.filter(({ name, activeState }) => activeState !== 'inactive' || names.has(name));
    return { listed, loaded: new Set(loaded) };
  }

  /** A unit that is not loaded: it has not run, or so long ago that systemd has forgotten it. */
  async #atRest({ path, ...unit }: ListedUnit, files: UnitFiles): Promise<UnitState> {
    const unitFileState = await this.#fileState(unit.name, path, files);
    return { ...unitState(unit.name, new Map()), ...unit, unitFileState };
  }

  async #summary({ path, ...unit }: ListedUnit, files: UnitFiles): Promise<UnitSummary> {
    const isService = unit.name.endsWith('.service');
    const [unitFileState, changed, restarts, controlGroup] = await Promise.all([
      this.#fileState(unit.name, path, files),
      this.#manager.get(stateTimestamp(unit.activeState), path, 'Unit'),
      isService ? this.#manager.get('NRestarts', path, 'Service') : 0,
      isService ? this.#controlGroup({ ...unit, path }) : '',
    ]);
    return {
      ...unit,
      unitFileState,
      stateChanged: Number(changed),
      restarts: Number(restarts),
      controlGroup,
    };
  }

  async #report(unit: ListedUnit): Promise<UnitReport> {
    const { name, path, activeState } = unit;
    const properties = new Map(await this.#manager.getAll(path, 'Unit', name));
    // All that is asked of services: systemd takes long to tell all of them, with what they use of the machine.
    if (name.endsWith('.service')) {
      const read = async (property: string) =>
        properties.set(property, await this.#manager.get(property, path, 'Service'));
      // A start forgets how the last run ended.
      const ended = activeState === 'active' ? properties.set('Result', 'success') : read('Result');
      await Promise.all([read('MainPID'), read('NRestarts'), ended]);
      properties.set('ControlGroup', await this.#controlGroup(unit));
    }
    return { ...unitState(name, properties), links: unitLinks(name, properties).links };
  }

  /** Of a service; empty for one that does not run. */
  async #controlGroup({ name, path, activeState }: ListedUnit): Promise<string> {
    if (activeState === 'inactive') return '';
    return usualControlGroup(name) ?? String(await this.#manager.get('ControlGroup', path, 'Service'));
  }

  /** UnitFileState from files where they tell: systemd takes 2 ms to find it for a unit that it has just loaded. */
  async #fileState(unit: string, path: string, files: UnitFiles): Promise<string> {
    return plainFileState(files, unit) ?? String(await this.#manager.get('UnitFileState', path, 'Unit'));
  }
}
