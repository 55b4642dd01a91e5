import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { BroadcastChannel, isMainThread, threadId, Worker } from 'node:worker_threads';

// node --import this file, with BENCH_PROFILE=DIR: writes DIR/THREAD.cpuprofile for every thread. Node's own
// --cpu-prof writes none for a process that ends by _exit(2) or for a thread that is terminated.

const MICROSECONDS = 500;
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: MICROSECONDS });
session.post('Profiler.start');

const channel = new BroadcastChannel('bench-profile');

if (isMainThread) {
  // Before a thread is ended it is asked for its profile.
  const waiting = new Map<number, () => void>();
  channel.onmessage = ({ data }) => waiting.get((data as { written: number }).written)?.();
  const { terminate } = Worker.prototype;
  Worker.prototype.terminate = async function (this: Worker) {
    const answered = new Promise<void>((resolve) => waiting.set(this.threadId, resolve));
    channel.postMessage({ write: this.threadId });
    await answered;
    return terminate.call(this);
  };
  process.once('beforeExit', write);
} else {
  channel.onmessage = ({ data }) => {
    if ((data as { write: number }).write !== threadId) return;
    write();
    channel.postMessage({ written: threadId });
  };
}
// Nobody stays for its sake.
channel.unref();

function write(): void {
  session.post('Profiler.stop', (error, result) => {
    if (error !== null) throw error;
    const name = isMainThread ? 'main' : `thread-${threadId}`;
    writeFileSync(`${process.env['BENCH_PROFILE']}/${name}.cpuprofile`, JSON.stringify(result.profile));
  });
}
