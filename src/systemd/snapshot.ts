import type { Systemd, UnitFailure, UnitReport } from './systemd.ts';

/** What systemd says of units, each asked for once, however many others have to do with it: for one report. */
export class Snapshot {
  readonly live: boolean;
  readonly #systemd: Pick<Systemd, 'live' | 'reports' | 'failure'>;
  readonly #reports = new Map<string, Promise<UnitReport>>();

  constructor(systemd: Pick<Systemd, 'live' | 'reports' | 'failure'>) {
    this.live = systemd.live;
    this.#systemd = systemd;
  }

  /** Asks for these units all at once. */
  async read(units: readonly string[]): Promise<void> {
    const reports = await this.#systemd.reports(units);
    for (const [index, unit] of units.entries()) {
      const report = reports[index];
      if (report !== undefined) this.#reports.set(unit, Promise.resolve(report));
    }
  }

  report(unit: string): Promise<UnitReport> {
    const report = this.#reports.get(unit) ?? this.#ask(unit);
    this.#reports.set(unit, report);
    return report;
  }

  failure(unit: string): Promise<UnitFailure> {
    return this.#systemd.failure(unit);
  }

  async #ask(unit: string): Promise<UnitReport> {
    const [report] = await this.#systemd.reports([unit]);
    if (report === undefined) throw new Error(`no report on ${unit}`);
    return report;
  }
}
