import { isErrno } from '../errors.ts';
import { callLibc } from './libc.ts';

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes a lock on an open file (flock(2)) if it can be had now; it dies with the last holder of the descriptor. */
export function tryFlock(descriptor: number, kind: 'shared' | 'exclusive'): boolean {
  try {
    callLibc('int flock(int, int)', [descriptor, (kind === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB]);
    return true;
  } catch (error) {
    if (isErrno(error, 'EAGAIN', 'EWOULDBLOCK')) return false;
    throw error;
  }
}
