import type { Systemd, UnitFailure, UnitState } from './systemd.ts';
import type { UnitLinks } from './unit-links.ts';

/** What a report on units reads of systemd. */
export type UnitReader = Pick<Systemd, 'live' | 'state' | 'links' | 'failure'>;

/** Asks for each unit's state and links once, however many services have to do with it: for one report. */
export class Snapshot implements UnitReader {
  readonly live: boolean;
  readonly #systemd: UnitReader;
  readonly #states = new Map<string, Promise<UnitState>>();
  readonly #links = new Map<string, Promise<UnitLinks[]>>();

  constructor(systemd: UnitReader) {
    this.live = systemd.live;
    this.#systemd = systemd;
  }

  state(unit: string): Promise<UnitState> {
    return once(this.#states, unit, () => this.#systemd.state(unit));
  }

  async links(units: readonly string[]): Promise<UnitLinks[]> {
    const found = units.map((unit) => once(this.#links, unit, () => this.#systemd.links([unit])));
    return (await Promise.all(found)).flat();
  }

  failure(unit: string): Promise<UnitFailure> {
    return this.#systemd.failure(unit);
  }
}

function once<Answer>(
  answers: Map<string, Promise<Answer>>,
  unit: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const answer = answers.get(unit) ?? ask();
  answers.set(unit, answer);
  return answer;
}
