import { isAbsolute } from 'node:path';
import { editCommand } from '../../edit-command.ts';
import { BerthError, type ErrorCode } from '../../errors.ts';
import type { Position } from '../declared-service.ts';

const MOST_SHOWN = 20;

/** What is wrong with files that a person wrote, those that declare a host for one: all of it is found before anything is said. */
export class Mistakes {
  /** By what a person reads. */
  readonly #found = new Map<string, Position>();
  readonly #code: ErrorCode;
  readonly #what: string;

  /** `what` begins the message of an error of this code. */
  constructor(code: ErrorCode = 'host-invalid', what = 'cannot use what is declared') {
    this.#code = code;
    this.#what = what;
  }

  /** `text` says what is wrong and what is allowed. */
  add(position: Position, text: string): void {
    const { file, line, column } = position;
    // Instances share what is wrong with their service.
    this.#found.set(`${file}:${line}:${column}: ${text}`, position);
  }

  /** The result of what may throw a BerthError, which becomes a mistake; undefined then. `path` is a key that the error does not name. */
  attempt<Result>(position: Position, path: string | undefined, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      this.add(position, [path, error.message, error.hint].filter((part) => part !== undefined).join(': '));
      return undefined;
    }
  }

  /** How many there are. */
  get count(): number {
    return this.#found.size;
  }

  /** Each as a person reads it, in the order in which they were found. */
  get lines(): string[] {
    return [...this.#found.keys()];
  }

  /** Throws an error with the first 20, in the order of files and lines, if there are any. */
  throwAny(): void {
    if (this.#found.size === 0) return;
    const files = [...new Set([...this.#found.values()].map(({ file }) => file))];
    const found = [...this.#found].toSorted(
      ([, a], [, b]) =>
        files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
    const lines = found.map(([line]) => line);
    const more = lines.length - MOST_SHOWN;
    const shown = [...lines.slice(0, MOST_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
    const [only, second] = lines;
    const first = found[0]?.[1];
    throw new BerthError(
      this.#code,
      `${this.#what}: ${second === undefined ? only : `${lines.length} mistakes:\n${shown.join('\n')}`}`,
      first !== undefined && isAbsolute(first.file) ? { hint: editCommand(first.file, first.line) } : {},
    );
  }
}
