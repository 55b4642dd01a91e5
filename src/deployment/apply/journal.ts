import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../../errors.ts';
import { syncDirectory, writeDurably } from '../../linux/durable.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import type { Plan } from '../plan/plan.ts';

const PHASES = ['applying', 'starting', 'watching', 'undoing'] as const;

/** The entry of a change that is over, whose backups may still be there. */
const DONE = 'done' as const;

/**
 * How far a change came, as far as recovery must know: `applying` and `undoing` are undone (or, for
 * a plan that says so, redone); from `starting` on, everything is in place and only systemd acts, and from
 * `watching` on, systemd is done.
 */
export type Phase = (typeof PHASES)[number];

export interface JournalEntry {
  phase: Phase;
  plan: Plan;
  /** True when the system has booted since the change began. */
  interruptedByBoot: boolean;
}

interface Content {
  version: 1;
  plan: Plan;
  /** The boot in which it began (/proc/sys/kernel/random/boot_id). */
  boot: string;
}

/**
 * What an unfinished change would still do or undo. The entry is on disk before the first step and
 * gone after the last. Only the holder of the writer lock may use one.
 */
export class Journal {
  readonly #directory: string;

  constructor(paths: Paths) {
    this.#directory = paths.journal;
  }

  /** Keeps the entry of a change that begins, durably, in one piece, and clears what an earlier change left. */
  begin(plan: Plan): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    syncDirectory(dirname(this.#directory));
    this.#clear();
    const content: Content = { version: 1, plan, boot: bootId() };
    writeDurably(this.#file('applying'), `${JSON.stringify(content)}\n`, 0o600);
  }

  /** Durably says that the change is in another phase now. */
  advance(to: Phase): void {
    const from = [...PHASES, DONE].find((phase) => existsSync(this.#file(phase)));
    // The phase is the file's name because a rename needs no space: a full disk is a reason to undo,
    // not a hindrance.
    renameSync(this.#file(from ?? 'applying'), this.#file(to));
    syncDirectory(this.#directory);
  }

  /** The entry of an interrupted change, or undefined. Throws `journal-damaged`. */
  read(): JournalEntry | undefined {
    const phase = PHASES.find((candidate) => existsSync(this.#file(candidate)));
    if (phase === undefined) return undefined;
    const file = this.#file(phase);
    try {
      const { version, plan, boot } = JSON.parse(readRegularText(file)) as Content;
      if (version !== 1) throw new Error(`version ${version} is not known to this berth`);
      return { phase, plan, interruptedByBoot: boot !== bootId() };
    } catch (error) {
      throw new BerthError('journal-damaged', `cannot read the journal: ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Where a step keeps what it must bring back; the directory exists. */
  backup(step: number): string {
    return join(this.#directory, `backup-${step}`);
  }

  /**
   * Ends the change: from here on there is nothing to recover. While this throws, `advance` still can take
   * the change back. No error when there is no change.
   */
  commit(): void {
    const from = PHASES.find((phase) => existsSync(this.#file(phase)));
    if (from === undefined) return;
    renameSync(this.#file(from), this.#file(DONE));
    syncDirectory(this.#directory);
  }

  /** Ends the change and removes what is left of it. */
  close(): void {
    try {
      this.commit();
    } catch (error) {
      throw fileSystemError(error, 'cannot end a change', this.#directory);
    }
    this.clean();
  }

  /** Removes what is left of a change that is over; whoever writes next does it, too. */
  clean(): void {
    try {
      this.#clear();
    } catch (error) {
      throw fileSystemError(error, 'cannot remove what a change has left', this.#directory);
    }
  }

  #file(phase: Phase | typeof DONE): string {
    return join(this.#directory, `${phase}.json`);
  }

  // Only once it is on disk that there is no entry that needs it.
  #clear(): void {
    try {
      syncDirectory(this.#directory);
      for (const name of readdirSync(this.#directory)) {
        rmSync(join(this.#directory, name), { recursive: true, force: true });
      }
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
