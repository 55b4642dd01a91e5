import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { openRegularFile } from '../regular-file.ts';
import type { Metadata, StoredFile } from './object.ts';

/**
 * One entry of a layer in the order of its archive. Every name is latin1 text that stands for bytes;
 * `path` has neither a leading slash nor empty, "." or ".." parts, and is "" for the root.
 */
export type LayerEntry =
  | ({ type: 'file'; path: string } & StoredFile)
  | ({ type: 'directory'; path: string } & Metadata)
  | ({ type: 'fifo'; path: string } & Metadata)
  | ({ type: 'symlink'; path: string; target: string } & Metadata)
  | ({ type: 'character' | 'block'; path: string; major: number; minor: number } & Metadata)
  | { type: 'hardlink'; path: string; target: string }
  /** Hides `path` of the layers below. */
  | { type: 'whiteout'; path: string }
  /** Hides everything in the directory `path` of the layers below. */
  | { type: 'opaque'; path: string };

const FLUSH_AT = 1 << 18;
const NO_XATTRS: Metadata['xattrs'] = [];

/**
 * Writes the record of a layer: a JSON line for each entry, one that says of which layer they are, and
 * one with the SHA-256 of all before it, so that a damaged or cut-off record is found on reading.
 */
export class LayerRecordWriter {
  readonly #descriptor: number;
  readonly #hash: Hash = createHash('sha256');
  #pending = '';
  #bytes = 0;
  #closed = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: LayerEntry): void {
    this.#line('mtime' in entry ? { ...entry, mtime: String(entry.mtime) } : entry);
  }

  /** `size` is that of the archive, uncompressed. */
  finish(diffId: Digest, size: number): void {
    this.#line({ type: 'layer', version: 1, diffId, size });
    this.#flush();
    writeSync(this.#descriptor, `${JSON.stringify({ sha256: this.#hash.digest('hex') })}\n`);
    this.close();
  }

  /** Closes the file, finished or not; a second call does nothing. */
  close(): void {
    if (!this.#closed) closeSync(this.#descriptor);
    this.#closed = true;
  }

  #line(value: object): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#bytes += line.length;
    this.#pending += line;
    if (this.#pending.length > FLUSH_AT) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#hash.update(bytes);
    writeFully(this.#descriptor, bytes);
    this.#pending = '';
  }
}

/** What a layer's record says. */
export interface LayerRecord {
  diffId: Digest;
  /** Bytes of the uncompressed archive. */
  size: number;
  entries: LayerEntry[];
}

/** Reads a record and proves it whole. Throws `store-damaged`, also when there is none. */
export function readLayerRecord(path: string, diffId: Digest): LayerRecord {
  try {
    return parseRecord(readLines(path), diffId);
  } catch (error) {
    throw damaged(path, isErrno(error, 'ENOENT') ? 'missing' : messageOf(error), error);
  }
}

// Lines are read before the checksum has proved them, so none of them is believed before the last.
function parseRecord(lines: Iterable<Buffer>, diffId: Digest): LayerRecord {
  const hash = createHash('sha256');
  const entries: LayerEntry[] = [];
  let previous: Buffer | undefined;
  let sum = '';
  for (const line of lines) {
    if (previous !== undefined) {
      hash.update(previous);
      entries.push(parseEntry(previous));
    }
    previous = line;
    sum = line.toString('latin1');
  }
  if (sum !== `${JSON.stringify({ sha256: hash.digest('hex') })}\n`) throw new Error('checksum differs');
  const header = entries.pop() as unknown as { version: number; diffId: Digest; size: number } | undefined;
  if (header?.version !== 1) throw new Error(`unknown version ${header?.version}`);
  if (header.diffId !== diffId) throw new Error(`is the record of ${header.diffId}`);
  return { diffId, size: header.size, entries };
}

function parseEntry(line: Buffer): LayerEntry {
  const entry = JSON.parse(line.toString('utf8'));
  if (entry.mtime !== undefined) entry.mtime = BigInt(entry.mtime);
  // Most entries have none, and an image may have hundreds of thousands of entries.
  if (entry.xattrs?.length === 0) entry.xattrs = NO_XATTRS;
  return entry;
}

// In pieces: a record may be as large as all the memory that a pull is to take.
function* readLines(path: string): Generator<Buffer> {
  const descriptor = openRegularFile(path);
  try {
    const piece = Buffer.alloc(FLUSH_AT);
    let rest = Buffer.alloc(0);
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece)) {
      const bytes = Buffer.concat([rest, piece.subarray(0, length)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
        yield bytes.subarray(start, end + 1);
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(descriptor);
  }
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function damaged(path: string, how: string, cause?: unknown): BerthError {
  return new BerthError('store-damaged', `layer record is damaged: ${path}: ${how}`, {
    cause,
    hint: 'berth fsck --repair',
  });
}
