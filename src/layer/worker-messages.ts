import { BerthError, type ErrorCode, messageOf } from '../errors.ts';
import type { ExtractedLayer, ExtractJob } from './extract.ts';

/** What the main thread says to an extraction worker: a job, the bytes of its archive, its end with their sum. */
export type ToWorker =
  | { kind: 'job'; job: ExtractJob }
  | { kind: 'chunk'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'end'; size: number };

/** What it answers: bytes that it has taken, and how the job ended. */
export type FromWorker =
  | { kind: 'taken'; bytes: number }
  | { kind: 'done'; layer: ExtractedLayer }
  | { kind: 'failed'; failure: Failure };

/** An error as plain data; structured cloning would lose its class and code. */
export interface Failure {
  code: ErrorCode | undefined;
  message: string;
  hint: string | undefined;
  stack: string | undefined;
}

export function packFailure(error: unknown): Failure {
  const known = error instanceof BerthError ? error : undefined;
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: known?.code, message: messageOf(error), hint: known?.hint, stack };
}

export function unpackFailure({ code, message, hint, stack }: Failure): Error {
  const error =
    code === undefined
      ? new Error(message)
      : new BerthError(code, message, hint === undefined ? {} : { hint });
  if (stack !== undefined) error.stack = stack;
  return error;
}
