import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { hasReader } from '../linux/has-reader.ts';
import { columnWidths, type Fit, fitRows, GAP, shownColumns } from './columns.ts';
import { relativeTime, toSecond } from './moment.ts';

/** What a command needs of the world to talk to a person or a program. */
export interface OutputStreams {
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number; fd?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  env: NodeJS.ProcessEnv;
}

export type Color = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** What a table does where a terminal is too narrow for it, and its colours. */
export interface TableOptions extends Fit {
  /** A column is coloured by what is in it. */
  paint?: (text: string, column: number) => Color | undefined;
  /** False leaves the headers out. */
  legend?: boolean | undefined;
}

/** Words of a text that have a colour. */
export interface Painted {
  words: RegExp;
  paint: (word: string) => Color | undefined;
}

/** The seam to the terminal: data on stdout, everything else on stderr, escape codes only where they are read. */
export class Output {
  readonly #streams: OutputStreams;
  /** Lines on the screen that the next output replaces. */
  #drawn = 0;
  /** Lines of data that the next `redraw` replaces. */
  #frame = 0;
  /** Data of a `redraw` under way. */
  #lines: string[] | undefined;

  constructor(streams: OutputStreams) {
    this.#streams = streams;
  }

  /** True where a line may be drawn over: a terminal that understands escape codes. */
  get live(): boolean {
    return this.#streams.stderr.isTTY === true && this.#streams.env['TERM'] !== 'dumb';
  }

  /** True where data can be drawn over: see `redraw`. */
  get redraws(): boolean {
    return this.#streams.stdout.isTTY === true && this.#streams.env['TERM'] !== 'dumb';
  }

  /** Characters in a line of the terminal that data goes to; undefined where it goes elsewhere. */
  get width(): number | undefined {
    const { isTTY, columns } = this.#streams.stdout;
    // A terminal that does not know its size says 0.
    return isTTY === true ? columns || undefined : undefined;
  }

  /** Characters in a line of `transient`: behind it a terminal shows "^C" for Ctrl-C, on the same line. */
  get columns(): number {
    return (this.#streams.stderr.columns || 80) - '^C'.length - 1;
  }

  /** True when whoever read the data reads no more: there is no use in going on. */
  get unread(): boolean {
    return !this.#streams.stdout.writable;
  }

  /** The same, before anything more is written to find it out. */
  get abandoned(): boolean {
    const { fd } = this.#streams.stdout;
    return this.unread || (fd !== undefined && !hasReader(fd));
  }

  /** A time, in RFC 3339, as data shows it: how long ago on a terminal, RFC 3339 to the second elsewhere. */
  moment(time: string): string {
    return this.#streams.stdout.isTTY === true ? relativeTime(time) : toSecond(time);
  }

  /** Data: a line, or several, of which the painted words have colours on a terminal. */
  data(text: string, painted?: Painted): void {
    const plain = harmless(text);
    this.#print(
      painted === undefined
        ? plain
        : plain.replace(painted.words, (word) =>
            this.#color(this.#streams.stdout, painted.paint(word), word),
          ),
    );
  }

  /** Data exactly as it is, and no line break is added; only what a terminal would obey is made harmless on one. */
  bytes(bytes: Uint8Array): void {
    this.#clear();
    const { stdout } = this.#streams;
    stdout.write(stdout.isTTY === true ? harmless(Buffer.from(bytes).toString('utf8')) : bytes);
  }

  json(value: unknown): void {
    this.data(JSON.stringify(value, null, 2));
  }

  /** Rows under upper-case headers, columns two spaces apart; not wider than a terminal. */
  table(headers: string[], rows: string[][], options: TableOptions = {}): void {
    const { paint = () => undefined, legend = true, elastic, spare, wraps } = options;
    const whole = rows.map((row) => row.map((cell) => harmless(cell, '')));
    const { width = Number.POSITIVE_INFINITY } = this;
    const columns = shownColumns(headers, whole, width, { elastic, spare });
    const pick = (cells: readonly string[]) => columns.map((column) => cells[column] ?? '');
    const titles = pick(headers);
    const fit = { elastic: elastic === undefined ? undefined : columns.indexOf(elastic), wraps };
    const plain = fitRows(titles, whole.map(pick), width, fit);
    const widths = columnWidths(titles, plain);
    const line = (cells: string[], colored: boolean) =>
      cells
        .map((cell, index) => {
          const color = colored ? paint(cell, columns[index] ?? 0) : undefined;
          const padding = ' '.repeat(index === cells.length - 1 ? 0 : (widths[index] ?? 0) - cell.length);
          return this.#color(this.#streams.stdout, color, cell) + padding;
        })
        .join(GAP)
        .trimEnd();
    const lines = [...(legend ? [line(titles, false)] : []), ...plain.map((row) => line(row, true))];
    if (lines.length > 0) this.#print(lines.join('\n'));
  }

  /** What happens, or happened: for a person, on stderr. */
  note(text: string): void {
    this.#say(harmless(text));
  }

  warn(text: string): void {
    this.#say(`${this.#color(this.#streams.stderr, 'yellow', 'Warning:')} ${harmless(text)}`);
  }

  /** `Error: what: which object: cause`, then `Hint: …`. */
  error(message: string, hint: string | undefined): void {
    this.#say(`${this.#color(this.#streams.stderr, 'red', 'Error:')} ${harmless(message)}`);
    if (hint !== undefined) this.note(`Hint: ${hint}`);
  }

  /** Lines that the next output replaces, none for an empty text; nothing at all where lines cannot be replaced. */
  transient(text: string): void {
    if (!this.live) return;
    const rows = this.#streams.stderr.rows || 24;
    const lines =
      text === ''
        ? []
        : harmless(text)
            .split('\n')
            .slice(1 - rows);
    const shown = lines.map((line) => line.slice(0, this.columns)).join('\n');
    this.#streams.stderr.write(`${this.#erase()}${shown}`);
    this.#drawn = lines.length;
  }

  /** The data of `draw` takes the place of that of the last time, as much of it as the terminal has lines for. */
  redraw(draw: () => void): void {
    this.#lines = [];
    draw();
    const { stdout } = this.#streams;
    const lines = this.#lines.slice(0, (stdout.rows || 24) - 1);
    this.#lines = undefined;
    const up = this.#frame === 0 ? '' : `\u001b[${this.#frame}A`;
    // What is too long for a line must not take two.
    stdout.write(`\r${up}\u001b[J\u001b[?7l${lines.map((line) => `${line}\n`).join('')}\u001b[?7h`);
    this.#frame = lines.length;
  }

  #print(text: string): void {
    if (this.#lines !== undefined) {
      this.#lines.push(...text.split('\n'));
      return;
    }
    this.#clear();
    this.#streams.stdout.write(`${text}\n`);
  }

  #say(text: string): void {
    this.#clear();
    this.#streams.stderr.write(`${text}\n`);
  }

  #clear(): void {
    const erase = this.#erase();
    if (erase !== '') this.#streams.stderr.write(erase);
    this.#drawn = 0;
  }

  /** What takes away all lines that are drawn, from the last one up. */
  #erase(): string {
    if (this.#drawn === 0) return '';
    const up = this.#drawn === 1 ? '' : `\u001b[${this.#drawn - 1}A`;
    return `\r${up}\u001b[J`;
  }

  // styleText minds NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  #color(stream: OutputStreams['stdout'], color: Color | undefined, text: string): string {
    return color === undefined ? text : styleText(color, text, { stream });
  }
}

/**
 * Text that commands no terminal. Labels, names of files and answers of registries are part of what is
 * printed; their control characters, but for those of `layout`, and those that reorder a line, are shown as JSON
 * spells them.
 */
function harmless(text: string, layout = '\n\t'): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) =>
    layout.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
