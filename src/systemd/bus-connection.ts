import { createConnection, type Socket } from 'node:net';
import { BerthError, messageOf } from '../errors.ts';
import { busAddress } from './bus-address.ts';
import { type BusCall, encodeCall } from './bus-call.ts';
import { type BusMessage, decodeMessage, messageLength } from './bus-message.ts';
import type { BusValue } from './bus-reader.ts';
import { Turns } from './turns.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
const BUS = { path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' };
const CONNECT_TIMEOUT = 10_000;
// Milliseconds until a call fails. PID 1 may be busy; a frozen one never answers.
const CALL_TIMEOUT = 90_000;
// A client that waits for more than 128 answers is refused (max_replies_per_connection, dbus-daemon(1)).
const AT_ONCE = 64;

/** A signal of systemd's manager. */
export interface BusSignal {
  /** The object that it is about. */
  path: string;
  member: string;
  body: BusValue[];
}

/** An error that systemd or the bus answered, by its D-Bus name. */
export class BusRefusal extends Error {
  readonly type: string;

  constructor(type: string, text: string) {
    super(text);
    this.name = 'BusRefusal';
    this.type = type;
  }
}

/** One connection to the system bus (D-Bus specification). Every call is settled in time, whatever becomes of the bus. */
export class BusConnection {
  readonly #socket: Socket;
  readonly #lost: Promise<never>;
  readonly #calls = new Map<number, (answer: BusMessage) => void>();
  readonly #listeners = new Set<(signal: BusSignal) => void>();
  readonly #turns = new Turns(AT_ONCE);
  #serial = 0;
  #welcomed = false;
  #unread: Buffer = Buffer.alloc(0);
  #open = true;
  // Any client of the bus may send a signal to us alone: only those of systemd count.
  #systemd: string | undefined;

  /** Connects, or throws `systemd-unreachable`. */
  static async open(address = busAddress(process.env)): Promise<BusConnection> {
    const connection = new BusConnection(createConnection(address));
    try {
      await connection.#send({ ...BUS, member: 'Hello' }, BUS.interface, CONNECT_TIMEOUT);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lost = new Promise((_, reject) => {
      const lose = (error?: unknown) => {
        this.#open = false;
        reject(unreachableBus(error ?? 'the bus closed the connection'));
      };
      socket.on('error', lose);
      socket.once('close', () => lose());
      socket.on('data', (chunk) => {
        try {
          this.#receive(chunk);
        } catch (error) {
          socket.destroy();
          lose(error);
        }
      });
    });
    // Whoever calls sees the loss; with no call under way nobody has to.
    this.#lost.catch(() => undefined);
    // The first byte is for the bus to see whose process this is ("Authentication Protocol").
    const user = Buffer.from(String(process.getuid?.())).toString('hex');
    socket.write(`\0AUTH EXTERNAL ${user}\r\nBEGIN\r\n`);
  }

  get open(): boolean {
    return this.#open;
  }

  /** The values that the method returns. Throws BusRefusal, or `systemd-unreachable` when there is no answer in `timeout` milliseconds. */
  async call(call: BusCall, timeout = CALL_TIMEOUT): Promise<BusValue[]> {
    const answer = await this.#turns.take(() => this.#send(call, SYSTEMD, timeout));
    this.#systemd = answer.sender;
    return answer.body();
  }

  /** Asks the bus for signals that match a rule (D-Bus specification, "Match Rules"). */
  async match(rule: string): Promise<void> {
    await this.#send({ ...BUS, member: 'AddMatch', body: [rule] }, BUS.interface, CALL_TIMEOUT);
  }

  /** Hears every matched signal of systemd from now on, until the returned function is called. */
  listen(listener: (signal: BusSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#open = false;
    this.#listeners.clear();
    this.#socket.destroy();
  }

  async #send(call: BusCall, destination: string, timeout: number): Promise<BusMessage> {
    this.#serial += 1;
    const serial = this.#serial;
    const answered = new Promise<BusMessage>((resolve) => this.#calls.set(serial, resolve));
    // Calls that are made together go out together.
    this.#socket.cork();
    this.#socket.write(encodeCall(call, destination, serial));
    process.nextTick(() => this.#socket.uncork());
    try {
      const late = `no answer to ${call.member} in ${timeout / 1000} s`;
      const answer = await this.#within(answered, timeout, late);
      if (answer.type === 'error') throw new BusRefusal(answer.error ?? '', String(answer.body()[0] ?? ''));
      return answer;
    } finally {
      this.#calls.delete(serial);
    }
  }

  #receive(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#welcomed && !this.#readWelcome()) return;
    for (;;) {
      const length = messageLength(this.#unread);
      if (length === undefined || this.#unread.length < length) return;
      const message = decodeMessage(this.#unread.subarray(0, length));
      this.#unread = this.#unread.subarray(length);
      this.#deliver(message);
    }
  }

  /** What the bus answers to AUTH is a line, and everything behind it is messages. */
  #readWelcome(): boolean {
    const end = this.#unread.indexOf('\r\n');
    if (end === -1) return false;
    const line = this.#unread.toString('latin1', 0, end);
    if (!line.startsWith('OK ')) throw new Error(`it does not let this process in: ${JSON.stringify(line)}`);
    this.#unread = this.#unread.subarray(end + 2);
    this.#welcomed = true;
    return true;
  }

  #deliver(message: BusMessage): void {
    const { type, answers, sender, path = '', member = '' } = message;
    if (type === 'signal' && sender === this.#systemd) {
      const signal = { path, member, body: message.body() };
      for (const listener of this.#listeners) listener(signal);
    }
    // The bus lets only whoever was called answer; a signal may have whatever its sender likes in it.
    if (answers !== undefined && (type === 'return' || type === 'error')) this.#calls.get(answers)?.(message);
  }

  async #within<T>(work: Promise<T>, timeout: number, late: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachableBus(late)), timeout);
    });
    try {
      return await Promise.race([work, this.#lost, expired]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function unreachableBus(cause: unknown): BerthError {
  const why = typeof cause === 'string' ? cause : messageOf(cause);
  return new BerthError('systemd-unreachable', `cannot reach systemd: the system bus: ${why}`, {
    hint: 'another system is prepared with --root DIR; this one needs: systemctl start dbus',
    cause,
  });
}
