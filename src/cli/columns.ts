/** What stands between two columns of a table. */
export const GAP = '  ';

/** The widths of columns: of each, that of its longest cell. */
export function columnWidths(headers: readonly string[], rows: readonly string[][]): number[] {
  return headers.map((header, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), header.length),
  );
}

/** The rows with one column cut to what the others leave of so many characters, but not below its header. */
export function fitColumn(
  headers: readonly string[],
  rows: string[][],
  column: number,
  room: number,
): string[][] {
  const others = columnWidths(headers, rows).filter((_, index) => index !== column);
  const left = room - others.reduce((sum, width) => sum + width + GAP.length, 0);
  const width = Math.max(left, headers[column]?.length ?? 0);
  return rows.map((row) => row.map((cell, index) => (index === column ? shorten(cell, width) : cell)));
}

/** Cut in the middle, and nearer to the begin: the end of an image's name tells most. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.floor((width - 1) / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
