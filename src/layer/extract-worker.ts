import { parentPort } from 'node:worker_threads';
import { freeBuffer } from '../image/compression/free-buffer.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { ArchiveUnpacking } from './archive-unpacking.ts';
import type { ExtractJob } from './extract.ts';
import { type FromWorker, packFailure, type ToWorker } from './worker-messages.ts';

// This file is the program of a worker thread: it does one job after the other until one fails or it is ended.
const port = parentPort;
if (port === null) throw new TypeError('extract-worker runs in a worker thread');
const say = (message: FromWorker) => port.postMessage(message);

let job: ExtractJob | undefined;
/** None between jobs and after a failure: what still comes of a job that failed is passed over. */
let unpacking: ArchiveUnpacking | undefined;

port.on('message', (message: ToWorker) => {
  try {
    take(message);
  } catch (error) {
    close();
    const named = fileSystemError(error, 'cannot write', job?.objects ?? '', job?.blobSize);
    say({ kind: 'failed', failure: packFailure(named) });
  }
});

function take(message: ToWorker): void {
  switch (message.kind) {
    case 'job':
      job = message.job;
      unpacking = new ArchiveUnpacking(job);
      break;
    case 'chunk': {
      const { bytes } = message;
      const { length } = bytes;
      unpacking?.write(Buffer.from(bytes.buffer, bytes.byteOffset, length));
      freeBuffer(bytes);
      say({ kind: 'taken', bytes: length });
      break;
    }
    case 'end': {
      const layer = unpacking?.finish(message.size);
      close();
      if (layer !== undefined) say({ kind: 'done', layer });
      break;
    }
  }
}

function close(): void {
  unpacking?.close();
  unpacking = undefined;
}
