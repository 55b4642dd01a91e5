import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { BerthError } from './errors.ts';
import { openRegularFile, refusal } from './regular-file.ts';

/** Bytes. What a person gives to a command is not larger. */
const LARGEST = 1024 * 1024;

/** Whether a pipe is there, such as a shell makes of `<(COMMAND)`; false for what cannot be looked at: reading it says why. */
export function isPipe(path: string): boolean {
  try {
    return statSync(path).isFIFO();
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return false;
    throw error;
  }
}

/**
 * All of a file that the command line names: a regular one, or a pipe, which is read to its end and so can be read but
 * once. A file that berth finds by itself may be anybody's, and is read by `readRegularFile`, which never waits. Throws
 * errors of the operating system: as `openRegularFile`, and EFBIG past 1 MiB; `interrupted`.
 */
export async function readGivenFile(path: string, signal?: AbortSignal): Promise<Buffer> {
  if (isPipe(path)) return await readPipe(path, signal);
  const descriptor = openRegularFile(path);
  try {
    if (fstatSync(descriptor).size > LARGEST) throw tooLarge(path);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits as `cat` does, for who has not opened it yet too. */
async function readPipe(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  // A thread that waits in read(2) could not be told to stop, and would keep the process from ending.
  const { Socket } = await import('node:net');
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return await readToEnd(new Socket({ fd: descriptor, readable: true, writable: false }), path, signal);
}

/** All that comes, at most 1 MiB; `path` is what a person calls it. Throws as `readGivenFile`. */
export async function readToEnd(stream: Readable, path: string, signal?: AbortSignal): Promise<Buffer> {
  if (signal !== undefined) addAbortSignal(signal, stream);
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of stream) {
      pieces.push(piece);
      size += piece.length;
      if (size > LARGEST) throw tooLarge(path);
    }
  } catch (cause) {
    throw signal?.aborted ? new BerthError('interrupted', `interrupted: reading ${path}`, { cause }) : cause;
  }
  return Buffer.concat(pieces);
}

function tooLarge(path: string): Error {
  return refusal('EFBIG', 'it is larger than 1 MiB', path);
}
