import { BerthError } from '../errors.ts';
import { runHostProgram } from './host-program.ts';
import type { Systemd, UnitState } from './systemd.ts';
import { parseUnitName } from './unit-name.ts';

/** Units below another root, as files: they can be enabled there, not started. */
export class OfflineSystemd implements Systemd {
  readonly live = false;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Nothing runs that would have to read unit files again. */
  async reload(): Promise<void> {}

  async enable(units: string[]): Promise<void> {
    await this.#systemctl('enable', units);
  }

  async disable(units: string[]): Promise<void> {
    await this.#systemctl('disable', units);
  }

  async start(unit: string): Promise<void> {
    this.#refuse('start', unit);
  }

  async stop(unit: string): Promise<void> {
    this.#refuse('stop', unit);
  }

  async resetFailed(): Promise<void> {}

  async state(unit: string): Promise<UnitState> {
    return this.#refuse('read the state of', unit);
  }

  async version(): Promise<string> {
    return '';
  }

  async close(): Promise<void> {}

  async #systemctl(verb: 'enable' | 'disable', units: string[]): Promise<void> {
    const names = units.map(parseUnitName);
    const what = `cannot ${verb} ${names.join(', ')} below ${this.#root}`;
    await runHostProgram('systemctl', [`--root=${this.#root}`, '--quiet', verb, ...names], what);
  }

  #refuse(verb: string, unit: string): never {
    throw new BerthError('systemd-refused', `cannot ${verb} ${unit}: ${this.#root}: no systemd runs there`, {
      hint: 'leave out --root to change the running system',
    });
  }
}
