import { invalid, printable, unsafe } from '../image/layer-problem.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import type { LayerRecordWriter } from '../store/layer-record.ts';
import type { Metadata } from '../store/object.ts';
import { normalizePath, placeEntry } from './entry-path.ts';
import type { ObjectWriter } from './object-writer.ts';
import type { TarEntry } from './tar-entry.ts';
import type { TarHandler } from './tar-reader.ts';
import { takeXattrs } from './xattrs.ts';

const TARGET_BYTES = 4095;

/**
 * Turns the entries of an archive into objects and lines of the layer's record. Nothing is written
 * under a name from the archive: that happens at checkout, from a tree that has been checked.
 */
export class Unpacker implements TarHandler {
  readonly #objects: ObjectWriter;
  readonly #record: LayerRecordWriter;
  readonly #limits: Limits;
  #entries = 0;
  /** Path of the file whose content comes; undefined while that of a whiteout is passed over. */
  #file: string | undefined;

  constructor(objects: ObjectWriter, record: LayerRecordWriter, limits: Limits) {
    this.#objects = objects;
    this.#record = record;
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    checkLimit(this.#limits, 'entries', this.#entries, 'entries of an image');
    const place = placeEntry(entry.name, this.#limits);
    this.#file = undefined;
    if (place.kind === 'ignored') return;
    if (place.kind === 'entry') this.#place(place.path, entry);
    else this.#record.add({ type: place.kind, path: place.path });
    checkLimit(this.#limits, 'recordBytes', this.#record.bytes, 'names and attributes of an image');
  }

  data(chunk: Buffer): void {
    if (this.#file !== undefined) this.#objects.write(chunk);
  }

  end(): void {
    if (this.#file === undefined) return;
    this.#record.add({ type: 'file', path: this.#file, ...this.#objects.finish() });
    this.#file = undefined;
  }

  #place(path: string, entry: TarEntry): void {
    const { type } = entry;
    if (path === '' && type !== 'directory') throw unsafe(`the root is a ${type}`);
    switch (type) {
      case 'file':
        this.#file = path;
        this.#objects.begin(metadataOf(entry), entry.size);
        break;
      case 'hardlink':
        this.#record.add({ type, path, target: this.#linkTarget(path, entry.linkName) });
        break;
      case 'symlink':
        this.#record.add({ type, path, target: checkTarget(path, entry.linkName), ...metadataOf(entry) });
        break;
      case 'character':
      case 'block':
        this.#record.add({ type, path, major: entry.major, minor: entry.minor, ...metadataOf(entry) });
        break;
      case 'directory':
      case 'fifo':
        this.#record.add({ type, path, ...metadataOf(entry) });
        break;
    }
  }

  #linkTarget(path: string, linkName: string): string {
    const target = normalizePath(linkName, this.#limits);
    if (target === '') throw invalid(`${printable(path)}: hard link to the root`);
    return target;
  }
}

function checkTarget(path: string, target: string): string {
  if (target === '' || target.length > TARGET_BYTES) {
    throw invalid(`${printable(path)}: symlink whose target is empty or too long`);
  }
  return target;
}

function metadataOf({ type, uid, gid, mode, mtime, xattrs }: TarEntry): Metadata {
  return { uid, gid, mtime, ...takeXattrs(type, mode, xattrs) };
}
