import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
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
    this.#line(entry);
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
    const line = `${JSON.stringify(value, bigintAsText)}\n`;
    this.#bytes += line.length;
    this.#pending += line;
    if (this.#pending.length > FLUSH_AT) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#pending);
    writeFully(this.#descriptor, Buffer.from(this.#pending));
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
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw damaged(path, isErrno(error, 'ENOENT') ? 'missing' : messageOf(error), error);
  }
  const last = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  const sum = createHash('sha256').update(bytes.subarray(0, last)).digest('hex');
  if (bytes.toString('latin1', last) !== `${JSON.stringify({ sha256: sum })}\n`) {
    throw damaged(path, 'checksum differs');
  }
  const header = bytes.lastIndexOf(10, last - 2) + 1;
  const { version, diffId: found, size } = JSON.parse(bytes.toString('utf8', header, last));
  if (version !== 1) throw damaged(path, `unknown version ${version}`);
  if (found !== diffId) throw damaged(path, `is the record of ${found}`);
  return { diffId, size, entries: [...parseEntries(bytes.subarray(0, header))] };
}

// The checksum says that berth wrote these lines, so their shape is taken for granted.
function* parseEntries(bytes: Buffer): Generator<LayerEntry> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    const entry = JSON.parse(bytes.toString('utf8', start, end));
    if (entry.mtime !== undefined) entry.mtime = BigInt(entry.mtime);
    yield entry;
    start = end + 1;
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function damaged(path: string, how: string, cause?: unknown): BerthError {
  return new BerthError('store-damaged', `layer record is damaged: ${path}: ${how}`, {
    cause,
    hint: 'pull the image again',
  });
}
