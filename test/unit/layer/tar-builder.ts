/** Content, owner and the like of an entry; what is left out is as `tar` would make it for root. */
export interface EntryOptions {
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  linkName?: string;
  major?: number;
  minor?: number;
  content?: string | Buffer;
  /** The size that the header says, where it is to differ from the content. */
  size?: number;
  /** PAX records that stand before the entry. */
  pax?: Record<string, string | Buffer>;
  format?: 'ustar' | 'gnu' | 'v7';
  prefix?: string;
}

/** Makes tar archives byte by byte, hostile ones too: nothing is checked, and any header can be put in. */
export class TarBuilder {
  readonly #parts: Buffer[] = [];

  file(name: string, content: string | Buffer = '', options: EntryOptions = {}): this {
    return this.entry('0', name, { ...options, content });
  }
  directory(name: string, options: EntryOptions = {}): this {
    return this.entry('5', name, { mode: 0o755, ...options });
  }
  symlink(name: string, target: string, options: EntryOptions = {}): this {
    return this.entry('2', name, { mode: 0o777, ...options, linkName: target });
  }
  hardlink(name: string, target: string, options: EntryOptions = {}): this {
    return this.entry('1', name, { ...options, linkName: target });
  }
  device(type: 'character' | 'block', name: string, major: number, minor: number, mode = 0o644): this {
    return this.entry(type === 'character' ? '3' : '4', name, { major, minor, mode });
  }
  fifo(name: string, options: EntryOptions = {}): this {
    return this.entry('6', name, options);
  }

  /** An entry of any type, known or not. Names are latin1 text that stands for bytes. */
  entry(typeflag: string, name: string, options: EntryOptions = {}): this {
    if (options.pax !== undefined) this.pax(options.pax);
    const content = toBytes(options.content ?? '');
    this.#parts.push(header(typeflag, name, options, options.size ?? content.length), content);
    return this.raw(Buffer.alloc((512 - (content.length % 512)) % 512));
  }

  /** A PAX header; `g` makes it a global one. */
  pax(records: Record<string, string | Buffer>, typeflag: 'x' | 'g' = 'x'): this {
    const content = Buffer.concat(
      Object.entries(records).map(([key, value]) => paxRecord(key, toBytes(value))),
    );
    return this.entry(typeflag, 'PaxHeader', { content });
  }

  /** A GNU header for a long name (`L`) or link name (`K`). */
  gnuLong(typeflag: 'L' | 'K', name: string): this {
    return this.entry(typeflag, '././@LongLink', { content: `${name}\0`, format: 'gnu' });
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  /** The archive so far, without an end. */
  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** The archive with its end marker. */
  end(): Buffer {
    return Buffer.concat([...this.#parts, Buffer.alloc(1024)]);
  }
}

/** One PAX record with the length that is right for it. */
export function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** A header block with a right checksum. */
export function header(typeflag: string, name: string, options: EntryOptions, size: number): Buffer {
  const block = Buffer.alloc(512);
  const { format = 'ustar' } = options;
  block.write(name, 0, 100, 'latin1');
  writeNumber(block, 100, 8, options.mode ?? 0o644);
  writeNumber(block, 108, 8, options.uid ?? 0);
  writeNumber(block, 116, 8, options.gid ?? 0);
  writeNumber(block, 124, 12, size);
  writeNumber(block, 136, 12, options.mtime ?? 1_600_000_000);
  block.write(typeflag, 156, 1, 'latin1');
  block.write(options.linkName ?? '', 157, 100, 'latin1');
  if (format !== 'v7') {
    block.write(format === 'gnu' ? 'ustar  \0' : 'ustar\x0000', 257, 8, 'latin1');
    writeNumber(block, 329, 8, options.major ?? 0);
    writeNumber(block, 337, 8, options.minor ?? 0);
    block.write(options.prefix ?? '', 345, 155, 'latin1');
  }
  return seal(block);
}

/** Writes the checksum of a header that was changed by hand. */
export function seal(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

// Octal, or GNU's base-256 where octal cannot hold it.
function writeNumber(block: Buffer, at: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let index = at + length - 1; index >= at; index -= 1) {
    block[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = (block[at] ?? 0) | 0x80;
}

function toBytes(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}
