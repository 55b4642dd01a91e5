import { invalid } from '../layer-problem.ts';
import { checkLimit, type Limits } from '../limits.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE = 1;

/** True for bytes that begin a frame, of data or to be skipped (RFC 8878, 3.1). */
export function isZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = Buffer.from(head.buffer, head.byteOffset, 4).readUInt32LE();
  return magic === FRAME || isSkippable(magic);
}

function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
}

type Step = 'magic' | 'skipped-size' | 'descriptor' | 'header' | 'block' | 'checksum' | 'end';

/**
 * Finds where one frame ends (RFC 8878, 3.1.1 and 3.1.2). Node's zstd decoder takes one frame and
 * silently drops what comes after it, so frames are told apart before they reach it.
 */
export class ZstdFrame {
  readonly #limits: Limits;
  readonly #held = Buffer.alloc(14);
  #heldBytes = 0;
  #need = 4;
  #skip = 0;
  #step: Step = 'magic';
  #descriptor = 0;
  /** True for a frame without data. */
  skippable = false;
  /** Memory that its decoder needs, once the first bytes of it were scanned. */
  windowBytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get ended(): boolean {
    return this.#step === 'end' && this.#skip === 0;
  }

  /** How many of these bytes belong to the frame. Throws `layer-invalid`, `limit-exceeded`. */
  scan(bytes: Uint8Array): number {
    let offset = 0;
    while (!this.ended && offset < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - offset);
        this.#skip -= skipped;
        offset += skipped;
        continue;
      }
      this.#held[this.#heldBytes] = bytes[offset] ?? 0;
      this.#heldBytes += 1;
      offset += 1;
      if (this.#heldBytes === this.#need) this.#advance();
    }
    return offset;
  }

  #expect(step: Step, need: number): void {
    this.#step = step;
    this.#need = need;
    this.#heldBytes = 0;
  }

  #advance(): void {
    switch (this.#step) {
      case 'magic': {
        const magic = this.#held.readUInt32LE();
        this.skippable = isSkippable(magic);
        if (!this.skippable && magic !== FRAME) throw invalid('zstd: no frame where one should begin');
        this.#expect(this.skippable ? 'skipped-size' : 'descriptor', this.skippable ? 4 : 1);
        break;
      }
      case 'skipped-size':
        this.#skip = this.#held.readUInt32LE();
        this.#expect('end', 0);
        break;
      case 'descriptor':
        this.#descriptor = this.#held[0] ?? 0;
        this.#expect('header', this.#headerBytes());
        break;
      case 'header':
        this.#checkWindow();
        this.#expect('block', 3);
        break;
      case 'block':
        this.#block(this.#held.readUIntLE(0, 3));
        break;
      case 'checksum':
        this.#expect('end', 0);
        break;
    }
  }

  get #singleSegment(): boolean {
    return (this.#descriptor & 0x20) !== 0;
  }

  get #dictionaryBytes(): number {
    return [0, 1, 2, 4][this.#descriptor & 3] ?? 0;
  }

  get #contentSizeBytes(): number {
    const flag = this.#descriptor >> 6;
    return flag === 0 ? Number(this.#singleSegment) : 2 ** flag;
  }

  // Never 0: without a window descriptor there is a content size.
  #headerBytes(): number {
    return Number(!this.#singleSegment) + this.#dictionaryBytes + this.#contentSizeBytes;
  }

  #checkWindow(): void {
    if (this.#dictionaryBytes > 0) throw invalid('zstd: frame needs a dictionary');
    this.windowBytes = this.#readWindow();
    checkLimit(this.#limits, 'zstdWindowBytes', this.windowBytes, 'zstd window');
  }

  #readWindow(): number {
    if (!this.#singleSegment) {
      const descriptor = this.#held[0] ?? 0;
      const base = 2 ** (10 + (descriptor >> 3));
      return base + (base / 8) * (descriptor & 7);
    }
    const bytes = this.#contentSizeBytes;
    if (bytes === 8) return Number(this.#held.readBigUInt64LE());
    return this.#held.readUIntLE(0, bytes) + (bytes === 2 ? 256 : 0);
  }

  #block(header: number): void {
    const type = (header >> 1) & 3;
    this.#skip = type === RLE ? 1 : header >> 3;
    if ((header & 1) === 0) this.#expect('block', 3);
    else if (this.#descriptor & 4) this.#expect('checksum', 4);
    else this.#expect('end', 0);
  }
}
