/** What stands between two columns of a table. */
export const GAP = '  ';

/** How a table fits where it is too wide. */
export interface Fit {
  /** The column that gives way first. */
  elastic?: number | undefined;
  /** It goes on in further lines instead of being cut: it holds sentences. */
  wraps?: boolean | undefined;
  /** Columns that are left out before that, the first of these first: a program still gets them. */
  spare?: readonly number[] | undefined;
}

// Of the elastic column: with less, it is of more use than a spare one. Characters.
const ENOUGH = 20;

/** The widths of columns: of each, that of its longest cell. */
export function columnWidths(headers: readonly string[], rows: readonly string[][]): number[] {
  return headers.map((header, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), header.length),
  );
}

/** The columns for which there is room in so many characters, by their numbers. */
export function shownColumns(
  headers: readonly string[],
  rows: readonly string[][],
  room: number,
  { elastic, spare = [] }: Fit,
): number[] {
  const widths = columnWidths(headers, rows).map((width, column) =>
    column === elastic ? Math.min(width, ENOUGH) : width,
  );
  const total = (columns: readonly number[]) =>
    columns.reduce((sum, column) => sum + (widths[column] ?? 0) + GAP.length, -GAP.length);
  let shown = [...headers.keys()];
  for (const column of spare) if (total(shown) > room) shown = shown.filter((other) => other !== column);
  return shown;
}

/**
 * The rows cut to so many characters in all: the elastic column down to its header, then, where there is one,
 * whatever is widest. No column becomes narrower than its header.
 */
export function fitRows(
  headers: readonly string[],
  rows: readonly string[][],
  room: number,
  { elastic, wraps = false }: Fit,
): string[][] {
  const widths = fitWidths(headers, columnWidths(headers, rows), room, elastic);
  return rows.flatMap((row) => {
    const lines = wraps && elastic !== undefined ? wrap(row[elastic] ?? '', widths[elastic] ?? 0) : [];
    const first = row.map((cell, column) =>
      wraps && column === elastic ? (lines[0] ?? '') : shorten(cell, widths[column] ?? 0),
    );
    return [first, ...lines.slice(1).map((line) => row.map((_, column) => (column === elastic ? line : '')))];
  });
}

function fitWidths(
  headers: readonly string[],
  widths: readonly number[],
  room: number,
  elastic: number | undefined,
): number[] {
  const fitted = [...widths];
  const narrow = (column: number, by: number) => {
    const width = fitted[column] ?? 0;
    fitted[column] = Math.max(headers[column]?.length ?? 0, width - by);
    return width !== fitted[column];
  };
  const excess = () => fitted.reduce((sum, width) => sum + width, GAP.length * (fitted.length - 1)) - room;
  if (elastic !== undefined && excess() > 0) narrow(elastic, excess());
  while (excess() > 0) {
    const slack = fitted.map((width, column) => width - (headers[column]?.length ?? 0));
    const widest = slack.reduce((best, each, column) => (each > (slack[best] ?? 0) ? column : best), 0);
    if (!narrow(widest, 1)) break;
  }
  return fitted;
}

/** Cut in the middle, and nearer to the begin: the end of an image's name tells most. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.floor((width - 1) / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

/** The begin of a line, with a sign of what was cut where it was longer. */
export function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** The lines of a text, each of as many words as there is room for; a word that is longer is broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => breakWord(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): string[] {
  return word.length <= width ? [word] : (word.match(new RegExp(`.{1,${Math.max(1, width)}}`, 'gs')) ?? []);
}
