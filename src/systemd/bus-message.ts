import { BusReader, type BusValue } from './bus-reader.ts';
import { padding } from './bus-signature.ts';

/** What came over the bus (D-Bus specification, "Message Format"). */
export interface BusMessage {
  type: 'return' | 'error' | 'signal' | 'other';
  sender: string | undefined;
  path: string | undefined;
  member: string | undefined;
  /** The call that this answers. */
  answers: number | undefined;
  /** The name of an error. */
  error: string | undefined;
  /** Reads the values in it. Throws RangeError for what is none. */
  body(): BusValue[];
}

/** What makes a message little endian: its first byte. */
export const LITTLE_ENDIAN = 'l'.charCodeAt(0);

/** The fields of a message's header, by their codes. */
export const FIELDS = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  answers: 5,
  destination: 6,
  sender: 7,
  signature: 8,
} as const;

const TYPES: Readonly<Record<number, BusMessage['type']>> = { 2: 'return', 3: 'error', 4: 'signal' };
// Up to where the header's fields begin, behind the length of their array.
const FIXED = 16;
const MAX_LENGTH = 128 * 1024 * 1024;

/** How long the message is that these bytes begin with; undefined before that can be told. Throws RangeError for none. */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED) return undefined;
  const little = bytes[0] === LITTLE_ENDIAN;
  const [body, fields] = [4, 12].map((at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)));
  const length = bodyStart(fields ?? 0) + (body ?? 0);
  if (length > MAX_LENGTH) throw new RangeError(`a message of ${length} bytes`);
  return length;
}

/** Reads one whole message; its body only when it is asked for. Throws RangeError for what is none. */
export function decodeMessage(bytes: Buffer): BusMessage {
  const little = bytes[0] === LITTLE_ENDIAN;
  const header = new BusReader(bytes, 0, little).readAll('yyyyuua(yv)');
  const fields = new Map((header[6] as [number, BusValue][]).map(([code, value]) => [code, value]));
  const text = (code: number) => fields.get(code)?.toString();
  const serial = fields.get(FIELDS.answers);
  const fieldsLength = little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  return {
    type: TYPES[Number(header[1])] ?? 'other',
    sender: text(FIELDS.sender),
    path: text(FIELDS.path),
    member: text(FIELDS.member),
    answers: typeof serial === 'number' ? serial : undefined,
    error: text(FIELDS.error),
    body: () => new BusReader(bytes, bodyStart(fieldsLength), little).readAll(text(FIELDS.signature) ?? ''),
  };
}

function bodyStart(fieldsLength: number): number {
  return FIXED + fieldsLength + padding(fieldsLength, 8);
}
