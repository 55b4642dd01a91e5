import { Worker } from 'node:worker_threads';

/** Links to make, as `makeLinks` takes them, or that no more come. */
export type ToLinkWorker = string[] | 'end';

/** The answer to the end; an error as plain data. */
export type FromLinkWorker = { unlinked: string[] } | { failure: { message: string } };

/** Lists that wait: as many as keep the thread at work while somebody else makes one. */
const MOST_WAITING = 4;

/** A thread that makes hard links, while whoever has it does the same and is not asked anything. */
export class LinkThread {
  readonly #worker: Worker;
  readonly #answer: Promise<string[]>;
  /** How many lists the thread has taken up. */
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  #given = 0;

  constructor() {
    // From sources the file keeps its extension; the build puts the bundled one beside this chunk.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const program = new URL(`./link-worker.${extension}`, import.meta.url);
    const worker = new Worker(program, { workerData: this.#taken });
    this.#worker = worker;
    this.#answer = new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('a thread ended before all links were made')));
      worker.on('message', (answer: FromLinkWorker) => {
        if ('unlinked' in answer) resolve(answer.unlinked);
        else reject(Object.assign(new Error(), answer.failure));
      });
    });
    // It is awaited in the end; until then a failure must not count as unhandled.
    this.#answer.catch(() => undefined);
  }

  /** Has a list of links be made, as `makeLinks` does. False when enough of them wait: then it is not. */
  take(links: string[]): boolean {
    if (this.#given - Atomics.load(this.#taken, 0) >= MOST_WAITING) return false;
    this.#given += 1;
    this.#worker.postMessage(links satisfies ToLinkWorker);
    return true;
  }

  /** Waits for all links. Returns the paths of those that could not be made, throws what `makeLinks` throws. */
  async finish(): Promise<string[]> {
    this.#worker.postMessage('end' satisfies ToLinkWorker);
    return await this.#answer;
  }

  /** Stops it at once: afterwards it makes no link any more. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
