import { invalid } from '../image/layer-problem.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import { checkGlobalPax, parsePax } from './pax.ts';
import { type Extensions, makeTarEntry, type TarEntry } from './tar-entry.ts';
import { BLOCK, parseTarHeader, type TarHeader } from './tar-header.ts';

/** What a `TarReader` finds, in the order of the archive. `data` and `end` follow only an entry that is a file. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  data(chunk: Buffer): void;
  end(): void;
}

type ExtensionType = 'x' | 'g' | 'L' | 'K';

/**
 * A strict reader of tar archives that is pushed into, and calls back at once. It holds one header at
 * a time in memory and no content. What two readers could understand in two ways is refused, so that
 * what berth unpacks is what a scanner of the image has seen. Throws `layer-invalid`, `limit-exceeded`.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: Limits;
  #state: 'header' | 'extension' | 'content' | 'padding' | 'last' | 'done' = 'header';
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes still to come of what the state names. */
  #left = BLOCK;
  #padding = 0;
  #extensionType: ExtensionType = 'x';
  #extensions: Extensions = {};

  constructor(handler: TarHandler, limits: Limits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Takes the next bytes of the archive and keeps none of them. After its end everything is passed over. */
  write(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length && this.#state !== 'done'; ) {
      const part = chunk.subarray(offset, offset + this.#left);
      offset += part.length;
      this.#left -= part.length;
      if (this.#state === 'content') this.#handler.data(part);
      else if (this.#state !== 'padding') this.#hold(part);
      if (this.#left === 0) this.#complete();
    }
  }

  /** To be called after the last byte. An archive without end marker is taken, as tar(1) does. */
  finish(): void {
    const between = this.#state === 'header' && this.#heldBytes === 0 && isEmpty(this.#extensions);
    const afterOneMarker = this.#state === 'last' && this.#heldBytes === 0;
    if (this.#state !== 'done' && !between && !afterOneMarker) throw invalid('archive is cut off');
  }

  // Copied, because a chunk may be freed as soon as write returns; the last part is used before that.
  #hold(part: Buffer): void {
    this.#held.push(this.#left === 0 ? part : Buffer.from(part));
    this.#heldBytes += part.length;
  }

  #takeHeld(): Buffer {
    const [only = Buffer.alloc(0), ...others] = this.#held;
    const bytes = others.length === 0 ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  #complete(): void {
    switch (this.#state) {
      case 'header':
        this.#header(this.#takeHeld());
        break;
      case 'extension':
        this.#extension(this.#takeHeld());
        this.#pad();
        break;
      case 'content':
        this.#handler.end();
        this.#pad();
        break;
      case 'padding':
        this.#expect('header', BLOCK);
        break;
      case 'last':
        if (!isZero(this.#takeHeld())) throw invalid('entry after an end marker');
        this.#state = 'done';
        break;
    }
  }

  #expect(state: 'header' | 'extension' | 'content' | 'padding' | 'last', bytes: number): void {
    this.#state = state;
    this.#left = bytes;
    if (bytes === 0) this.#complete();
  }

  #pad(): void {
    this.#expect('padding', this.#padding);
  }

  #header(block: Buffer): void {
    if (isZero(block)) {
      if (!isEmpty(this.#extensions)) throw invalid('archive ends after an extension header');
      this.#expect('last', BLOCK);
      return;
    }
    const header = parseTarHeader(block);
    const type = header.typeflag;
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') this.#startExtension(type, header.size);
    else this.#startEntry(header);
  }

  #startExtension(type: ExtensionType, size: number): void {
    if (size < 0) throw invalid('negative size');
    checkLimit(this.#limits, 'headerBytes', size, 'extension header of a tar entry');
    this.#extensionType = type;
    this.#padding = paddingOf(size);
    this.#expect('extension', size);
  }

  #startEntry(header: TarHeader): void {
    const entry = makeTarEntry(header, this.#extensions);
    this.#extensions = {};
    checkLimit(this.#limits, 'fileBytes', entry.size, 'size of a file');
    this.#handler.entry(entry);
    this.#padding = paddingOf(entry.size);
    if (entry.type === 'file') this.#expect('content', entry.size);
    else this.#expect('header', BLOCK);
  }

  #extension(bytes: Buffer): void {
    const found = this.#extensions;
    switch (this.#extensionType) {
      case 'g':
        checkGlobalPax(bytes);
        break;
      case 'x':
        if (found.pax !== undefined) throw invalid('two PAX headers before one entry');
        found.pax = parsePax(bytes);
        break;
      case 'L':
        if (found.longName !== undefined) throw invalid('two long names before one entry');
        found.longName = longText(bytes);
        break;
      case 'K':
        if (found.longLink !== undefined) throw invalid('two long links before one entry');
        found.longLink = longText(bytes);
        break;
    }
  }
}

function isEmpty(extensions: Extensions): boolean {
  return Object.keys(extensions).length === 0;
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

// GNU tar ends it with a NUL that counts; nothing may follow that.
function longText(bytes: Buffer): string {
  const nul = bytes.indexOf(0);
  if (nul !== -1 && nul !== bytes.length - 1) throw invalid('GNU long name has a NUL in it');
  const text = bytes.toString('latin1', 0, nul === -1 ? bytes.length : nul);
  if (text === '') throw invalid('GNU long name is empty');
  return text;
}
