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
import { type ListedUnit, unitLinks, unitState } from './unit-state.ts';

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
    const listed = await this.#manager.list(units);
    return await Promise.all(listed.map((unit) => this.#summary(unit, files)));
  }

  async reports(units: readonly string[]): Promise<UnitReport[]> {
    // Asked first: a list loads all of its units for a moment.
    const loaded = await this.#manager.loaded(units);
    const listed = await this.#manager.list(units);
    const files = new UnitFiles(new Paths());
    const atRest = listed.filter(({ name, activeState }) => activeState === 'inactive' && !loaded.has(name));
    const links = atRest.flatMap(({ name }) => readFileLinks(files, name).links);
    const reports = listed.map(async (unit): Promise<UnitReport> => {
      if (!atRest.includes(unit)) return await this.#report(unit);
      const own = links.filter(({ from }) => from === unit.name);
      // It has not run, or so long ago that systemd has forgotten it.
      return { ...unitState(unit.name, new Map()), ...(await this.#summary(unit, files)), links: own };
    });
    return await Promise.all(reports);
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

  /** UnitFileState from files where they tell: systemd takes 2 ms to find it for a unit that it has just loaded. */
  async #summary({ path, ...unit }: ListedUnit, files: UnitFiles): Promise<UnitSummary> {
    const found =
      plainFileState(files, unit.name) ?? (await this.#manager.get('UnitFileState', path, 'Unit'));
    return { ...unit, unitFileState: String(found) };
  }

  async #report({ name, path, activeState }: ListedUnit): Promise<UnitReport> {
    const properties = await this.#manager.getAll(path, 'Unit', name);
    // All that is asked of services: systemd takes long to tell all of them, with what they use of the machine.
    const runs = name.endsWith('.service') && !/^(?:inactive|failed)$/.test(activeState);
    const mainPid = runs ? Number(await this.#manager.get('MainPID', path, 'Service')) : 0;
    return { ...unitState(name, properties), mainPid, links: unitLinks(name, properties).links };
  }
}
