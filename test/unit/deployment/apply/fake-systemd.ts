import { BerthError } from '../../../../src/errors.ts';
import type { Paths } from '../../../../src/paths.ts';
import { OfflineSystemd } from '../../../../src/systemd/offline-systemd.ts';
import type { UnitFailure, UnitReport, UnitState } from '../../../../src/systemd/systemd.ts';

/** A manager that runs nothing, tells of what was asked, and fails where a test says so. */
export class FakeSystemd extends OfflineSystemd {
  override readonly live = true;
  /** What was asked, such as `start web.service`. */
  readonly calls: string[] = [];
  /** Units that do not come up. */
  readonly broken = new Set<string>();
  readonly #changed = new Map<string, Partial<UnitState>>();
  readonly #next = new Map<string, Partial<UnitState>>();
  readonly #paths: Paths;

  constructor(paths: Paths) {
    super(paths);
    this.#paths = paths;
  }

  /** What `state` says of a unit from now on, beside that it is active. */
  change(unit: string, state: Partial<UnitState>): void {
    this.#changed.set(unit, state);
  }

  /** The same once somebody has looked at the unit as it is. */
  changeAfterLook(unit: string, state: Partial<UnitState>): void {
    this.#next.set(unit, state);
  }

  override async reload(): Promise<void> {
    this.calls.push('reload');
  }

  override async start(unit: string): Promise<void> {
    this.#bringUp('start', unit);
  }

  override async restart(unit: string): Promise<void> {
    this.#bringUp('restart', unit);
  }

  override async stop(unit: string): Promise<void> {
    this.calls.push(`stop ${unit}`);
  }

  override async state(unit: string): Promise<UnitState> {
    const state = await new OfflineSystemd(this.#paths).state(unit);
    const seen: UnitState = {
      ...state,
      activeState: 'active',
      subState: 'running',
      ...this.#changed.get(unit),
    };
    const next = this.#next.get(unit);
    if (next !== undefined) this.#changed.set(unit, next);
    return seen;
  }

  override async reports(units: readonly string[]): Promise<UnitReport[]> {
    const reports = await super.reports(units);
    return await Promise.all(
      reports.map(async (report) => ({ ...report, ...(await this.state(report.name)) })),
    );
  }

  override async failure(): Promise<UnitFailure> {
    return { reason: 'exit-code', log: ['no disk'] };
  }

  #bringUp(verb: string, unit: string): void {
    this.calls.push(`${verb} ${unit}`);
    if (this.broken.has(unit)) throw new BerthError('unit-failed', `cannot start: ${unit}: exit-code`);
  }
}
