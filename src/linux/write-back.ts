import { closeSync, openSync } from 'node:fs';
import { callLibcAsync } from './libc.ts';

/**
 * Has a file system write to disk what is made on it, while more is made. Else the disk lies idle for the
 * seconds that the kernel holds data back, and whoever syncs in the end waits for all of it.
 */
export class WriteBack {
  readonly #path: string;
  #round: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  /** `path` is on the file system. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a round, unless one runs. */
  start(): void {
    if (this.#failure !== undefined) return;
    this.#round ??= syncInBackground(this.#path)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#round = undefined;
      });
  }

  /** Waits for the round that runs. Throws what any round met: the kernel tells of it once, and no later sync hears of it. */
  async finish(): Promise<void> {
    await this.#round;
    if (this.#failure !== undefined) throw this.#failure.error;
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
