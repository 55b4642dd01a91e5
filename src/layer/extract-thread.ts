import { Worker } from 'node:worker_threads';
import { BerthError } from '../errors.ts';
import { Budget } from '../image/budget.ts';
import { fillsItsBuffer } from '../image/compression/free-buffer.ts';
import type { ArchiveUnpacker, ExtractedLayer, ExtractJob } from './extract.ts';
import type { LayerArchive } from './layer-archive.ts';
import { type FromWorker, type ToWorker, unpackFailure } from './worker-messages.ts';

/**
 * A thread that unpacks archives, one after the other: parsing, hashing and synchronous file system calls
 * would hold up the main thread, which fetches and decompresses meanwhile. After a failure it is of no more use.
 */
export class ExtractThread implements ArchiveUnpacker {
  readonly #worker: Worker;
  readonly #credit: Budget;
  /** Bytes that the thread was given and has not written yet. */
  #underWay = 0;
  /** Why there is no thread any more; it may have ended while it had no job. */
  #failure: { error: unknown } | undefined;
  #settle: { done: (layer: ExtractedLayer) => void; failed: (error: unknown) => void } | undefined;

  /** `credit`: uncompressed bytes that may be under way to it, as writing may be slower than what comes before. */
  constructor(credit: number) {
    this.#credit = new Budget(credit);
    // From sources the file keeps its extension; the build puts the bundled one beside this chunk.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./extract-worker.${extension}`, import.meta.url));
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new BerthError('interrupted', 'interrupted: unpacking')));
  }

  async unpack(job: ExtractJob, archive: LayerArchive): Promise<ExtractedLayer> {
    if (this.#failure !== undefined) throw this.#failure.error;
    let settled = false;
    const result = new Promise<ExtractedLayer>((done, failed) => {
      this.#settle = { done, failed };
    }).finally(() => {
      settled = true;
      // Of a job that failed.
      this.#giveBack(this.#underWay);
    });
    this.#send({ kind: 'job', job });
    const feeding = this.#feed(archive, () => settled);
    // When the archive fails, the worker waits for bytes that never come: its error is the one to tell.
    await Promise.race([result, feeding]);
    return result;
  }

  /** Stops the thread at once, in the middle of a job too; afterwards it writes nothing more. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#settle?.failed(error);
  }

  async #feed(archive: LayerArchive, settled: () => boolean): Promise<void> {
    for await (const bytes of archive.chunks()) {
      await this.#credit.take(bytes.length);
      this.#underWay += bytes.length;
      if (settled()) {
        this.#giveBack(this.#underWay);
        return;
      }
      const own = ownMemory(bytes);
      this.#send({ kind: 'chunk', bytes: own }, [own.buffer]);
    }
    this.#send({ kind: 'end', size: archive.size });
  }

  #giveBack(bytes: number): void {
    this.#underWay -= bytes;
    this.#credit.give(bytes);
  }

  #send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'taken':
        // After a failure all is given back already.
        this.#giveBack(Math.min(message.bytes, this.#underWay));
        break;
      case 'done':
        this.#settle?.done(message.layer);
        break;
      case 'failed':
        this.#settle?.failed(unpackFailure(message.failure));
        break;
    }
  }
}

// What fills its memory is handed over with it. Of anything else a copy is: all of the memory would go along.
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return fillsItsBuffer(bytes) ? bytes : new Uint8Array(bytes);
}
