import { FIELDS, LITTLE_ENDIAN } from './bus-message.ts';
import { padding } from './bus-signature.ts';

/** What berth gives to methods: strings, booleans, and lists of strings. */
export type BusArgument = string | boolean | readonly string[];

/** A method of an object on the bus, with its arguments. */
export interface BusCall {
  path: string;
  interface: string;
  member: string;
  body?: readonly BusArgument[];
}

const METHOD_CALL = 1;
const PROTOCOL = 1;

/** The message of a call; `serial` is what its answer names. */
export function encodeCall(call: BusCall, destination: string, serial: number): Buffer {
  const { path, interface: face, member, body = [] } = call;
  const values = new Writer();
  for (const value of body) values.argument(value);
  const fields = new Writer();
  fields.field(FIELDS.path, 'o', path);
  fields.field(FIELDS.interface, 's', face);
  fields.field(FIELDS.member, 's', member);
  fields.field(FIELDS.destination, 's', destination);
  fields.field(FIELDS.signature, 'g', body.map(signatureOf).join(''));
  const fixed = new Writer();
  for (const byte of [LITTLE_ENDIAN, METHOD_CALL, 0, PROTOCOL]) fixed.byte(byte);
  for (const number of [values.length, serial, fields.length]) fixed.uint32(number);
  const message = new Writer();
  for (const part of [fixed, fields, values]) {
    message.align(8);
    message.append(part);
  }
  return message.bytes();
}

function signatureOf(argument: BusArgument): string {
  if (typeof argument === 'string') return 's';
  return typeof argument === 'boolean' ? 'b' : 'as';
}

/** Puts values together as they go on the wire, in little endian. What is appended must be aligned by its caller. */
class Writer {
  readonly #parts: Buffer[] = [];
  length = 0;

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  append(other: Writer): void {
    this.#put(other.bytes());
  }

  byte(value: number): void {
    this.#put(Buffer.of(value));
  }

  uint32(value: number): void {
    this.align(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.#put(bytes);
  }

  text(value: string): void {
    this.uint32(Buffer.byteLength(value));
    this.#put(Buffer.from(`${value}\0`));
  }

  signature(value: string): void {
    this.byte(value.length);
    this.#put(Buffer.from(`${value}\0`));
  }

  field(code: number, type: 's' | 'o' | 'g', value: string): void {
    this.align(8);
    this.byte(code);
    this.signature(type);
    if (type === 'g') this.signature(value);
    else this.text(value);
  }

  argument(value: BusArgument): void {
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.uint32(value ? 1 : 0);
    else {
      const list = new Writer();
      for (const item of value) list.text(item);
      this.uint32(list.length);
      this.append(list);
    }
  }

  align(size: number): void {
    this.#put(Buffer.alloc(padding(this.length, size)));
  }

  #put(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }
}
