import { BerthError, type ErrorCode } from '../../src/errors.ts';
import type { Random } from '../random.ts';

/** One reader of what comes from outside, and how to make what it may meet. */
export interface FuzzKind {
  /** Its part of all cases; the parts of all kinds make 1. */
  share: number;
  /** The refusals that may be the answer: any other error is a fault of the reader. */
  codes: ErrorCode[];
  /** A case: all that it is made of comes from `random`. */
  make(random: Random): Buffer;
  /** Reads a case, in a directory that is the working directory. Throws when something does not hold of the result. */
  read(bytes: Buffer): void | Promise<void>;
  /**
   * Lets a program of the host read what `read` has taken, and throws when that finds something else.
   * False when the program refuses it.
   */
  compare?(bytes: Buffer): boolean | Promise<boolean>;
}

/** True for an error that says what is wrong with a case; any other is a fault of its reader. */
export function isRefusal(kind: FuzzKind, error: unknown): boolean {
  return error instanceof BerthError && kind.codes.includes(error.code);
}
