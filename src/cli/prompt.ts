import { createInterface, type Interface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { BerthError } from '../errors.ts';
import { readToEnd } from '../given-file.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { OutputStreams } from './output.ts';

/** What a command needs of the world to also be told something. */
export interface ConsoleStreams extends OutputStreams {
  stdin: Readable & { isTTY?: boolean };
}

/** The seam to who types: questions go to stderr, and only where a person can see and answer them. */
export class Prompt {
  readonly #streams: ConsoleStreams;

  constructor(streams: ConsoleStreams) {
    this.#streams = streams;
  }

  /** True where somebody can be asked. */
  get isPossible(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** One line. Throws `interrupted` for Ctrl-C and for the end of input. */
  async ask(question: string): Promise<string> {
    try {
      return await this.#readLine(this.#streams.stderr, (lines) => lines.question(question));
    } catch (error) {
      // Behind the question stands no line break that somebody typed.
      this.#streams.stderr.write('\n');
      throw error;
    }
  }

  /** Whether the answer is "y" or "yes"; true where nobody can be asked. Throws as `ask`. */
  async confirm(question: string): Promise<boolean> {
    return !this.isPossible || /^y(es)?$/i.test((await this.ask(`${question} [y/N] `)).trim());
  }

  /** One line that is not shown while it is typed; throws as `ask`. */
  async askSecret(question: string): Promise<string> {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      return await this.#readLine(nowhere, (lines) => {
        // Not before the terminal has stopped to echo.
        this.#streams.stderr.write(question);
        return lines.question('');
      });
    } finally {
      this.#streams.stderr.write('\n');
    }
  }

  /** All of stdin, at most 1 MiB. Throws `io`, `interrupted`. */
  async readAll(signal: AbortSignal): Promise<Buffer> {
    try {
      return await readToEnd(this.#streams.stdin, 'standard input', signal);
    } catch (error) {
      throw fileSystemError(error, 'cannot read', 'standard input');
    }
  }

  async #readLine(output: Writable, ask: (lines: Interface) => Promise<string>): Promise<string> {
    const lines = createInterface({ input: this.#streams.stdin, output, terminal: true });
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(new BerthError('interrupted', 'interrupted: nothing was typed'));
    lines.once('SIGINT', stop);
    lines.once('close', stop);
    try {
      return await Promise.race([ask(lines), promise]);
    } finally {
      lines.off('close', stop);
      lines.close();
    }
  }
}
