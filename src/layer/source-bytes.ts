import { untilAborted } from '../until-aborted.ts';

/** The bytes of a source until a signal, to be read once; what the source itself threw can be told from the rest. */
export class SourceBytes implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #onBytes: (bytes: number) => void;
  #waits = false;
  #failure: { error: unknown } | undefined;

  constructor(
    source: AsyncIterable<Uint8Array>,
    { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#signal = signal;
    this.#onBytes = onBytes;
  }

  /** What the source, or the signal, ended it with. */
  get failure(): { error: unknown } | undefined {
    return this.#failure;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let bytes = await this.#next(); bytes !== undefined; bytes = await this.#next()) {
      this.#onBytes(bytes.length);
      yield bytes;
    }
  }

  /** Lets go of the source; of one that is slow to notice the signal nobody waits. */
  async close(): Promise<void> {
    if (!this.#waits) await this.#source.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    this.#waits = true;
    try {
      const { value, done } = await untilAborted(this.#source.next(), this.#signal);
      this.#waits = false;
      return done ? undefined : value;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
