import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { syncDirectory, writeDurably } from '../linux/durable.ts';
import type { Paths } from '../paths.ts';
import type { Plan } from './plan.ts';

/**
 * How far a change came, as far as recovery must know: `applying` and `undoing` are undone (or, for
 * a plan that says so, redone); from `starting` on, everything is in place and only systemd acts.
 */
export type Phase = 'applying' | 'starting' | 'undoing';

export interface JournalEntry {
  version: 1;
  phase: Phase;
  plan: Plan;
}

/**
 * What an unfinished change would still do or undo. The entry is on disk before the first step and
 * gone after the last. Only the holder of the writer lock may use one.
 */
export class Journal {
  readonly #directory: string;
  readonly #file: string;

  constructor(paths: Paths) {
    this.#directory = paths.journal;
    this.#file = join(this.#directory, 'entry.json');
  }

  /** Keeps the entry durably, in one piece. */
  write(phase: Phase, plan: Plan): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const entry: JournalEntry = { version: 1, phase, plan };
    writeDurably(this.#file, `${JSON.stringify(entry)}\n`, 0o600);
  }

  /** The entry of an interrupted change, or undefined. Throws `journal-damaged`. */
  read(): JournalEntry | undefined {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    try {
      const entry = JSON.parse(text) as JournalEntry;
      if (entry.version !== 1) throw new Error(`version ${entry.version} is not known to this berth`);
      return entry;
    } catch (error) {
      throw new BerthError('journal-damaged', `cannot read the journal: ${this.#file}: ${messageOf(error)}`);
    }
  }

  /** Where a step keeps what it must bring back; the directory exists. */
  backup(step: number): string {
    return join(this.#directory, `backup-${step}`);
  }

  /** Ends the change: without an entry there is nothing to recover. */
  close(): void {
    rmSync(this.#file, { force: true });
    syncDirectory(this.#directory);
    for (const name of readdirSync(this.#directory)) {
      rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }
}
