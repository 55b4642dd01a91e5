import type { EventEmitter } from 'node:events';
import type { Message, MessageBus } from 'dbus-next';
import { BerthError, messageOf } from '../errors.ts';
import { Turns } from './turns.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
// The type of a signal's message (D-Bus specification, "Message Format").
const SIGNAL = 4;
const SOCKET = '/run/dbus/system_bus_socket';
const CONNECT_TIMEOUT = 10_000;
// A client that waits for more than 128 answers is refused (max_replies_per_connection, dbus-daemon(1)).
const AT_ONCE = 64;

/** A method of an object of systemd, with its arguments as dbus-next marshals them. */
export interface BusCall {
  path: string;
  interface: string;
  member: string;
  signature?: string;
  body?: unknown[];
  /** Milliseconds until the call fails. PID 1 may be busy; a frozen one never answers. */
  timeout?: number;
}

/** A signal of systemd's manager. */
export interface BusSignal {
  member: string;
  body: unknown[];
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

/**
 * One connection to the system bus, and the only place that knows dbus-next.
 *
 * dbus-next leaves calls pending for ever when the bus goes away, in the handshake too, and reports
 * that only on its inner socket: this class settles every call, in time.
 */
export class BusConnection {
  readonly #bus: MessageBus;
  readonly #newMessage: typeof Message;
  readonly #lost: Promise<never>;
  readonly #listeners = new Set<(signal: BusSignal) => void>();
  readonly #turns = new Turns(AT_ONCE);
  #open = true;
  // Any client of the bus may send a signal to us alone: only those of systemd count.
  #systemd: string | undefined;

  /** Connects, or throws `systemd-unreachable`. */
  static async open(): Promise<BusConnection> {
    const { default: dbus } = await import('dbus-next');
    // "unix:socket=" is dbus-next's own spelling for a plain node:net socket. With "unix:path=" it
    // first tries to load the native module usocket from wherever Node would find one.
    const busAddress = process.env['DBUS_SYSTEM_BUS_ADDRESS'] ?? `unix:socket=${SOCKET}`;
    const bus = dbus.sessionBus({ busAddress, authMethods: ['EXTERNAL'] });
    const connection = new BusConnection(bus, dbus.Message);
    try {
      await connection.#greeted();
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor(bus: MessageBus, newMessage: typeof Message) {
    this.#bus = bus;
    this.#newMessage = newMessage;
    this.#lost = new Promise((_, reject) => {
      const lose = (error?: unknown) => {
        this.#open = false;
        reject(unreachableBus(error ?? 'the bus closed the connection'));
      };
      bus.on('error', lose);
      streamOf(bus).once('close', () => lose());
    });
    // Whoever calls sees the loss; with no call under way nobody has to.
    this.#lost.catch(() => undefined);
    bus.on('message', (message) => {
      if (message.type !== SIGNAL || message.sender !== this.#systemd) return;
      const signal = { member: message.member, body: message.body };
      for (const listener of this.#listeners) listener(signal);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** The values that the method returns. Throws BusRefusal, or `systemd-unreachable` when there is no answer. */
  async call(call: BusCall, destination = SYSTEMD): Promise<unknown[]> {
    const { timeout = 90_000, ...fields } = call;
    const message = new this.#newMessage({ destination, ...fields });
    const answer = await this.#turns.take(() => {
      const reply = this.#bus.call(message).catch((error: unknown) => {
        throw isRefusal(error) ? new BusRefusal(error.type, error.text) : unreachableBus(error);
      });
      return this.#within(reply, timeout, `no answer to ${call.member} in ${timeout / 1000} s`);
    });
    if (destination === SYSTEMD) this.#systemd = answer?.sender;
    return answer?.body ?? [];
  }

  /** Asks the bus for signals that match a rule (D-Bus specification, "Match Rules"). */
  async match(rule: string): Promise<void> {
    const bus = { path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' };
    await this.call({ ...bus, member: 'AddMatch', signature: 's', body: [rule] }, 'org.freedesktop.DBus');
  }

  /** Hears every matched signal of systemd from now on, until the returned function is called. */
  listen(listener: (signal: BusSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#open = false;
    this.#listeners.clear();
    this.#bus.disconnect();
    // disconnect() only half-closes; a bus that hangs would keep the process alive.
    streamOf(this.#bus).destroy();
  }

  async #greeted(): Promise<void> {
    const greeting = new Promise<void>((resolve) => this.#bus.once('connect', resolve));
    await this.#within(greeting, CONNECT_TIMEOUT, 'the bus does not answer');
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

function streamOf(bus: MessageBus): EventEmitter & { destroy(): void } {
  // Private in dbus-next, and the only place where the end of the connection shows.
  const { _connection } = bus as unknown as { _connection: { stream: EventEmitter & { destroy(): void } } };
  return _connection.stream;
}

function isRefusal(error: unknown): error is { type: string; text: string } {
  return error instanceof Error && error.name === 'DBusError' && 'type' in error && 'text' in error;
}

function unreachableBus(cause: unknown): BerthError {
  const why = typeof cause === 'string' ? cause : messageOf(cause);
  return new BerthError('systemd-unreachable', `cannot reach systemd: the system bus: ${why}`, {
    hint: 'systemctl status dbus; to prepare another root, use --root DIR',
    cause,
  });
}
