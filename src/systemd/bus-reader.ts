import { alignmentOf, completeTypes, padding } from './bus-signature.ts';

/** A value of a message: integers are numbers, an array of bytes is a Buffer, a dictionary a Map, and a variant what is in it. */
export type BusValue = string | number | boolean | Buffer | BusValue[] | Map<BusValue, BusValue>;

/** Reads values as D-Bus puts them on the wire (D-Bus specification, "Marshaling"). Throws RangeError where they end too early. */
export class BusReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #little: boolean;
  #at: number;

  /** `at` is where the first value begins: in a whole message, because values are aligned to its beginning. */
  constructor(bytes: Buffer, at: number, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
    this.#at = at;
  }

  /** The values of a signature that is a string of complete types, such as `sa{sv}`. */
  readAll(signature: string): BusValue[] {
    return completeTypes(signature).map((type) => this.#read(type));
  }

  #read(type: string): BusValue {
    switch (type[0]) {
      case 'y':
        return this.#view.getUint8(this.#step(1));
      case 'n':
        return this.#view.getInt16(this.#step(2), this.#little);
      case 'q':
        return this.#view.getUint16(this.#step(2), this.#little);
      case 'b':
        return this.#uint32() === 1;
      case 'i':
        return this.#view.getInt32(this.#step(4), this.#little);
      case 'u':
      case 'h':
        return this.#uint32();
      // Times in microseconds are exact; what is as large as 2^53 means that there is no limit.
      case 'x':
        return Number(this.#view.getBigInt64(this.#step(8), this.#little));
      case 't':
        return Number(this.#view.getBigUint64(this.#step(8), this.#little));
      case 'd':
        return this.#view.getFloat64(this.#step(8), this.#little);
      case 's':
      case 'o':
        return this.#text(this.#uint32());
      case 'g':
        return this.#text(this.#view.getUint8(this.#step(1)));
      case 'v':
        return this.#read(this.#text(this.#view.getUint8(this.#step(1))));
      case 'a':
        return this.#array(type.slice(1));
      case '(':
        this.#align(8);
        return completeTypes(type.slice(1, -1)).map((field) => this.#read(field));
      default:
        throw new RangeError(`no type of D-Bus: ${type}`);
    }
  }

  #array(element: string): BusValue {
    const length = this.#uint32();
    this.#align(alignmentOf(element));
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('an array ends behind its message');
    if (element === 'y') {
      this.#at = end;
      return this.#bytes.subarray(end - length, end);
    }
    if (element.startsWith('{')) return this.#dictionary(element, end);
    const values: BusValue[] = [];
    while (this.#at < end) values.push(this.#item(element));
    return values;
  }

  /** Something without a size would fill an array without an end. */
  #item(element: string): BusValue {
    const start = this.#at;
    const value = this.#read(element);
    if (this.#at === start) throw new RangeError(`no type of D-Bus: ${element}`);
    return value;
  }

  #dictionary(entry: string, end: number): Map<BusValue, BusValue> {
    const [key = '', value = ''] = completeTypes(entry.slice(1, -1));
    const entries = new Map<BusValue, BusValue>();
    while (this.#at < end) {
      this.#align(8);
      entries.set(this.#read(key), this.#read(value));
    }
    return entries;
  }

  /** A NUL follows it. */
  #text(length: number): string {
    const start = this.#at;
    this.#at += length + 1;
    if (this.#at > this.#bytes.length) throw new RangeError('a string ends behind its message');
    return this.#bytes.toString('utf8', start, start + length);
  }

  #uint32(): number {
    return this.#view.getUint32(this.#step(4), this.#little);
  }

  /** Where a value of so many bytes is, which is aligned to as many; the next is behind it. */
  #step(size: number): number {
    this.#align(size);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  #align(size: number): void {
    this.#at += padding(this.#at, size);
  }
}
