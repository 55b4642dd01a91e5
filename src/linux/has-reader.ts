import { isErrno } from '../errors.ts';
import { callLibc } from './libc.ts';

const POLLERR = 0x8;
const POLLHUP = 0x10;

/** False once nobody can read any longer what is written to a pipe, a socket or a terminal (poll(2)). */
export function hasReader(descriptor: number): boolean {
  // struct pollfd: an int, then two shorts, of which the second is the answer. These two are given unasked.
  const pollfd = new Int32Array([descriptor, 0]);
  try {
    callLibc('int poll(void *, unsigned long, int)', [pollfd, 1, 0]);
  } catch (error) {
    // A signal came first, though nothing was waited for: who asks again hears it.
    if (isErrno(error, 'EINTR')) return true;
    throw error;
  }
  const [, , , answer = 0] = new Int16Array(pollfd.buffer);
  return (answer & (POLLERR | POLLHUP)) === 0;
}
