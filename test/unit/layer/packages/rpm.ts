import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const [INT32, STRING] = [4, 6];

/** What rpm writes of a package: an index of tags and their values, without the magic of a file. */
export function rpmHeader(values: Record<number, number | string>): Buffer {
  const entries: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(values)) {
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(4);
    if (typeof value === 'number') bytes.writeUInt32BE(value);
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(Number(tag), 0);
    entry.writeUInt32BE(typeof value === 'string' ? STRING : INT32, 4);
    entry.writeUInt32BE(offset, 8);
    entry.writeUInt32BE(1, 12);
    entries.push(entry);
    data.push(bytes);
    offset += bytes.length;
  }
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(entries.length, 0);
  sizes.writeUInt32BE(offset, 4);
  return Buffer.concat([sizes, ...entries, ...data]);
}

/** A database as rpm has it, written by SQLite itself. */
export function rpmDatabase(directory: string, headers: readonly Uint8Array[], pageSize = 4096): Buffer {
  const file = join(directory, 'rpmdb.sqlite');
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA page_size = ${pageSize}; CREATE TABLE Other (x TEXT);
    CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`);
  const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
  database.exec('BEGIN');
  for (const header of headers) insert.run(header);
  database.exec('COMMIT');
  database.close();
  return readFileSync(file);
}
