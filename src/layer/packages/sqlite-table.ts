/** A value of a row: texts are their bytes. */
export type SqliteValue = Buffer | number | null;

const MAGIC = 'SQLite format 3\0';
const LEAF = 0x0d;
const INTERIOR = 0x05;
const SCHEMA_PAGE = 1;

/** More than any table of SQLite has, unless it was built for more. */
const MOST_COLUMNS = 2000;

/**
 * The rows of one table of an SQLite database (sqlite.org/fileformat2.html). Nothing of it is run: a database of an image
 * may have views, triggers and expressions that never end. Throws an Error that says what is wrong.
 */
export function* readSqliteTable(database: Buffer, table: string): Generator<SqliteValue[]> {
  const file = new SqliteFile(database);
  for (const [type, name, , root] of file.rows(SCHEMA_PAGE)) {
    if (!isText(type, 'table') || !isText(name, table)) continue;
    yield* file.rows(Number(root));
    return;
  }
  throw new Error(`it has no table ${table}`);
}

function isText(value: SqliteValue | undefined, text: string): boolean {
  return Buffer.isBuffer(value) && value.equals(Buffer.from(text));
}

class SqliteFile {
  readonly #bytes: Buffer;
  readonly #pageSize: number;
  /** Of each page, what is at its end may be somebody else's. */
  readonly #usable: number;
  readonly #seen = new Set<number>();
  #taken = 0;

  constructor(bytes: Buffer) {
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error('it is no SQLite database');
    this.#bytes = bytes;
    const size = bytes.readUInt16BE(16);
    this.#pageSize = size === 1 ? 65_536 : size;
    this.#usable = this.#pageSize - bytes.readUInt8(20);
    if (this.#pageSize < 512 || this.#usable < 480) throw new Error('its pages have no valid size');
  }

  /** The rows below a page, in order. Pages that come again, as in no whole database, are refused. */
  *rows(root: number): Generator<SqliteValue[]> {
    // A stack and no recursion: how deep it is, the file decides.
    const ahead = [root];
    for (let number = ahead.pop(); number !== undefined; number = ahead.pop()) {
      const page = this.#page(number);
      const header = number === SCHEMA_PAGE ? 100 : 0;
      const type = page.readUInt8(header);
      if (type !== LEAF && type !== INTERIOR) throw new Error(`page ${number} is none of a table`);
      const first = header + (type === LEAF ? 8 : 12);
      const cells = Array.from({ length: page.readUInt16BE(header + 3) }, (_, index) =>
        page.readUInt16BE(first + 2 * index),
      );
      if (type === LEAF) {
        for (const cell of cells) yield parseRecord(this.#payload(page, cell));
      } else {
        ahead.push(page.readUInt32BE(header + 8), ...cells.map((cell) => page.readUInt32BE(cell)).reverse());
      }
    }
  }

  /** Each page belongs to one place alone, so no file makes more work than it has pages. */
  #page(number: number): Buffer {
    const start = (number - 1) * this.#pageSize;
    if (start < 0 || start + this.#pageSize > this.#bytes.length) throw new Error(`it has no page ${number}`);
    if (this.#seen.has(number)) throw new Error(`page ${number} comes twice`);
    this.#seen.add(number);
    return this.#bytes.subarray(start, start + this.#pageSize);
  }

  /** What a cell holds: what does not fit into its page goes on in pages of its own. */
  #payload(page: Buffer, cell: number): Buffer {
    const [length, afterLength] = readVarint(page, cell);
    const [, start] = readVarint(page, afterLength);
    // Rows of a whole database share nothing; those of a hostile one may all be the same bytes.
    this.#taken += length;
    if (this.#taken > this.#bytes.length) throw new Error('its rows are larger than all of it');
    const local = this.#localLength(length);
    const pieces = [page.subarray(start, start + local)];
    let rest = length - local;
    for (let next = rest > 0 ? page.readUInt32BE(start + local) : 0; rest > 0; ) {
      const more = this.#page(next);
      const piece = more.subarray(4, 4 + Math.min(rest, this.#usable - 4));
      pieces.push(piece);
      rest -= piece.length;
      next = more.readUInt32BE(0);
    }
    const payload = Buffer.concat(pieces);
    if (payload.length !== length) throw new Error('a row is cut off');
    return payload;
  }

  /** How much of a payload stands in the page itself (the format's X, M and K). */
  #localLength(length: number): number {
    if (length <= this.#usable - 35) return length;
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const wanted = least + ((length - least) % (this.#usable - 4));
    return wanted <= this.#usable - 35 ? wanted : least;
  }
}

/** Bytes of the integers of serial types 0 to 9; 7 is a float, and 8 and 9 are 0 and 1. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function parseRecord(payload: Buffer): SqliteValue[] {
  const [headerLength, start] = readVarint(payload, 0);
  const values: SqliteValue[] = [];
  let body = headerLength;
  for (let at = start; at < headerLength; ) {
    if (values.length === MOST_COLUMNS) throw new Error(`a row has more than ${MOST_COLUMNS} columns`);
    const [type, next] = readVarint(payload, at);
    at = next;
    const size = type < 12 ? (SIZES[type] ?? Number.NaN) : Math.floor((type - 12) / 2);
    const bytes = payload.subarray(body, body + size);
    if (bytes.length !== size) throw new Error('a row is cut off');
    values.push(type < 12 ? parseNumber(bytes, type) : bytes);
    body += size;
  }
  return values;
}

function parseNumber(bytes: Buffer, type: number): number | null {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return bytes.readDoubleBE(0);
  return bytes.length === 8 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length);
}

/** Of the nine bytes that one may have, seven are more than any size that is right. */
function readVarint(bytes: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start; at < start + 9; at += 1) {
    const byte = bytes.readUInt8(at);
    value = at === start + 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
    if (at === start + 8 || byte < 0x80) return [value, at + 1];
  }
  throw new Error('a number has no end');
}
