import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { readAllFileLinks, readFileLinks } from './file-links.ts';
import { hostProgram, runHostProgram } from './host-program.ts';
import type { BootTimes, Systemd, UnitFailure, UnitReport, UnitState } from './systemd.ts';
import { onUnitCopy } from './unit-copy.ts';
import { UnitFiles } from './unit-files.ts';
import type { UnitLinks } from './unit-links.ts';
import { parseUnitName, type UnitName } from './unit-name.ts';
import { unitState } from './unit-state.ts';

/** Units below another root, as files: they can be enabled there, not started. */
export class OfflineSystemd implements Systemd {
  readonly live: boolean = false;
  readonly follows = true;
  readonly #paths: Paths;

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /** Nothing runs that would have to read unit files again. */
  async reload(): Promise<void> {}

  async needsReload(): Promise<boolean> {
    return false;
  }

  async enable(units: string[]): Promise<void> {
    await this.#systemctl('enable', units);
  }

  async disable(units: string[]): Promise<void> {
    await this.#systemctl('disable', units);
  }

  async start(unit: string): Promise<void> {
    this.#refuse('start', unit);
  }

  async restart(unit: string): Promise<void> {
    this.#refuse('restart', unit);
  }

  async stop(unit: string): Promise<void> {
    this.#refuse('stop', unit);
  }

  async resetFailed(): Promise<void> {}

  async state(unit: string): Promise<UnitState> {
    const [state] = await this.summaries([unit]);
    return state ?? unitState(unit, new Map());
  }

  async summaries(units: readonly string[]): Promise<UnitState[]> {
    const names = units.map(parseUnitName);
    const files = new UnitFiles(this.#paths);
    const found = names.map((name) => files.find(name));
    const known = names.filter((_, index) => found[index]?.loadState !== 'not-found');
    const enabled = await this.#areEnabled(known);
    return names.map((name, index) => {
      const properties = {
        LoadState: found[index]?.loadState,
        FragmentPath: found[index]?.path,
        UnitFileState: enabled[known.indexOf(name)],
        ActiveState: 'inactive',
        SubState: 'dead',
      };
      return unitState(name, new Map(Object.entries(properties)));
    });
  }

  async reports(units: readonly string[]): Promise<UnitReport[]> {
    const states = await this.summaries(units);
    const links = (await this.links(units)).flatMap((found) => found.links);
    return states.map((state) => ({ ...state, links: links.filter(({ from }) => from === state.name) }));
  }

  async watch(): Promise<() => void> {
    return () => undefined;
  }

  /** Those of all units that have files, because others may say something of these. */
  async links(units: readonly string[]): Promise<UnitLinks[]> {
    const files = new UnitFiles(this.#paths);
    return [...readAllFileLinks(files), ...units.map((unit) => readFileLinks(files, unit))];
  }

  async failure(): Promise<UnitFailure> {
    return { reason: 'no systemd runs there', log: [] };
  }

  async nextElapse(): Promise<number> {
    return 0;
  }

  async bootTimes(): Promise<BootTimes> {
    return { began: 0, finished: 0 };
  }

  async version(): Promise<string> {
    return '';
  }

  async close(): Promise<void> {}

  async #systemctl(verb: 'enable' | 'disable', units: string[]): Promise<void> {
    const names = units.map(parseUnitName);
    const what = `cannot ${verb} ${names.join(', ')} below ${this.#paths.root}`;
    await onUnitCopy(this.#paths, async (root) => {
      await runHostProgram('systemctl', [`--root=${root}`, '--quiet', verb, ...names], what);
    });
  }

  async #areEnabled(units: readonly UnitName[]): Promise<string[]> {
    if (units.length === 0) return [];
    return await onUnitCopy(this.#paths, (root) => areEnabled(units, root));
  }

  #refuse(verb: string, unit: string): never {
    throw new BerthError(
      'systemd-refused',
      `cannot ${verb} ${unit}: ${this.#paths.root}: no systemd runs there`,
      {
        hint: 'leave out --root to change the running system',
      },
    );
  }
}

async function areEnabled(units: readonly UnitName[], root: string): Promise<string[]> {
  const path = await hostProgram('systemctl');
  const { execa } = await import('execa');
  const args = [`--root=${root}`, 'is-enabled', ...units];
  // It fails, too, when the answer is "disabled".
  const { stdout } = await execa(path, args, {
    stdin: 'ignore',
    stderr: 'ignore',
    reject: false,
    cwd: '/',
  });
  const answers = stdout.split('\n');
  if (units.length === 1 || answers.length === units.length) return answers;
  // It stops at a unit that it cannot tell of.
  return (await Promise.all(units.map((unit) => areEnabled([unit], root)))).flat();
}
