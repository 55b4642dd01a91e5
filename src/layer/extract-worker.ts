import { parentPort } from 'node:worker_threads';
import { freeBuffer } from '../image/compression/free-buffer.ts';
import { extractLayer } from './extract.ts';
import { type FromWorker, packFailure, type ToWorker } from './worker-messages.ts';

/** The bytes that the main thread sends, each chunk valid until the next is asked for; tells what has been taken. */
class Inbox implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #say: (message: FromWorker) => void;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(say: (message: FromWorker) => void) {
    this.#say = say;
  }

  add(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#say({ kind: 'taken', bytes: chunk.length });
        yield chunk;
        freeBuffer(chunk);
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

// This file is the program of a worker thread: it does one job after the other until it is ended.
const port = parentPort;
if (port === null) throw new TypeError('extract-worker runs in a worker thread');
const say = (message: FromWorker) => port.postMessage(message);
let inbox = new Inbox(say);

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'job':
      inbox = new Inbox(say);
      extractLayer(message.job, inbox).then(
        (layer) => say({ kind: 'done', layer }),
        (error) => say({ kind: 'failed', failure: packFailure(error) }),
      );
      break;
    case 'chunk':
      inbox.add(message.bytes);
      break;
    case 'end':
      inbox.end();
      break;
  }
});
