import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import type { FromLinkWorker, ToLinkWorker } from './link-thread.ts';
import { makeLinks } from './make-links.ts';

// This file is the program of a worker thread: it makes links until it is told that no more come.
const port = parentPort;
if (port === null) throw new TypeError('link-worker runs in a worker thread');
const taken = workerData as Int32Array;

let answer: FromLinkWorker = { unlinked: [] };

port.on('message', (message: ToLinkWorker) => {
  if (message === 'end') {
    port.postMessage(answer);
    return;
  }
  Atomics.add(taken, 0, 1);
  if ('failure' in answer) return;
  try {
    answer.unlinked.push(...makeLinks(message));
  } catch (error) {
    // Structured cloning would lose the code of the error.
    answer = { failure: { ...(error as Error), message: messageOf(error) } };
  }
});
