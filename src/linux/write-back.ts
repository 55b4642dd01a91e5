import { closeSync, openSync } from 'node:fs';
import { fileSystemError } from './file-system.ts';
import { callLibcAsync } from './libc.ts';

/**
 * Has a file system write to disk what is made on it, while more is made. Else the disk lies idle for the
 * seconds that the kernel holds data back, and whoever syncs in the end waits for all of it.
 */
export class WriteBack {
  readonly #path: string;
  readonly #rounds = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  /** `path` is on the file system. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a round, unless one runs. */
  start(): void {
    if (this.#rounds.size === 0) this.startLast();
  }

  /** Begins a round for all that is made by now, whatever one that runs may have passed over. */
  startLast(): void {
    if (this.#failure !== undefined) return;
    const round = syncInBackground(this.#path)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => this.#rounds.delete(round));
    this.#rounds.add(round);
  }

  /**
   * Waits for what runs. Throws what any round met, `no-space` or `io`: the kernel tells of it once, and no later
   * sync hears of it.
   */
  async finish(): Promise<void> {
    await Promise.all(this.#rounds);
    if (this.#failure !== undefined) throw fileSystemError(this.#failure.error, 'cannot write', this.#path);
  }
}

async function syncInBackground(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await callLibcAsync('int syncfs(int)', [descriptor], path);
  } finally {
    closeSync(descriptor);
  }
}
