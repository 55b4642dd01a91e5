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

// Where the lengths of body and header fields stand, and where the fields begin.
const [BODY_LENGTH, FIELDS_LENGTH, FIELDS_START] = [4, 12, 16] as const;

/** The message of a call; `serial` is what its answer names. */
export function encodeCall(call: BusCall, destination: string, serial: number): Buffer {
  const { path, interface: face, member, body = [] } = call;
  const message = new Writer();
  for (const byte of [LITTLE_ENDIAN, METHOD_CALL, 0, PROTOCOL]) message.byte(byte);
  for (const number of [0, serial, 0]) message.uint32(number);
  message.field(FIELDS.path, 'o', path);
  message.field(FIELDS.interface, 's', face);
  message.field(FIELDS.member, 's', member);
  message.field(FIELDS.destination, 's', destination);
  message.field(FIELDS.signature, 'g', body.map(signatureOf).join(''));
  message.setUint32(FIELDS_LENGTH, message.length - FIELDS_START);
  message.align(8);
  const start = message.length;
  for (const value of body) message.argument(value);
  message.setUint32(BODY_LENGTH, message.length - start);
  return message.bytes();
}

function signatureOf(argument: BusArgument): string {
  if (typeof argument === 'string') return 's';
  return typeof argument === 'boolean' ? 'b' : 'as';
}

/** Puts values together as they go on the wire, in little endian: in one buffer, for there are many calls. */
class Writer {
  #bytes = Buffer.alloc(512);
  length = 0;

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length] = value;
    this.length += 1;
  }

  uint32(value: number): void {
    this.align(4);
    this.#reserve(4);
    this.length = this.#bytes.writeUInt32LE(value, this.length);
  }

  /** Says at an earlier place what was not known there yet. */
  setUint32(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  text(value: string): void {
    this.uint32(Buffer.byteLength(value));
    this.#terminated(value);
  }

  signature(value: string): void {
    this.byte(value.length);
    this.#terminated(value);
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
      this.uint32(0);
      const start = this.length;
      for (const item of value) this.text(item);
      this.setUint32(start - 4, this.length - start);
    }
  }

  align(size: number): void {
    const zeros = padding(this.length, size);
    this.#reserve(zeros);
    this.length += zeros;
  }

  #terminated(value: string): void {
    this.#reserve(Buffer.byteLength(value) + 1);
    this.length += this.#bytes.write(value, this.length) + 1;
  }

  /** Room for so many more bytes, all of them 0. */
  #reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
