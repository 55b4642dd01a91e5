import type { ImageFiles } from './image-files.ts';

/** Files that are opened when they are first asked for; that may take long, and `close` ends it. */
export class LateFiles implements ImageFiles {
  readonly place: string;
  readonly #open: (signal: AbortSignal) => Promise<ImageFiles>;
  readonly #stop = new AbortController();
  #opening: Promise<ImageFiles> | undefined;

  constructor(place: string, open: (signal: AbortSignal) => Promise<ImageFiles>) {
    this.place = place;
    this.#open = open;
  }

  async size(name: string): Promise<number | undefined> {
    return (await this.#files()).size(name);
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    yield* (await this.#files()).read(name);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    // Why it could not be opened was told to who asked for a file.
    const files = await this.#opening?.catch(() => undefined);
    await files?.close();
  }

  #files(): Promise<ImageFiles> {
    this.#opening ??= this.#open(this.#stop.signal);
    return this.#opening;
  }
}
