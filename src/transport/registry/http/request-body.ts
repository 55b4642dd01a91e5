import type { ClientRequest } from 'node:http';
import type { StallWatch } from './stall-watch.ts';

/** What is sent with a request. */
export interface RequestBody {
  mediaType: string;
  /** Bytes. */
  length: number;
  /** Exactly `length` bytes, from their beginning each time that it is called. */
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A body could not be read: `cause` is what reading it threw, and no failure of the connection. */
export class UnreadableBody extends Error {
  constructor(cause: unknown) {
    super('unreadable', { cause });
  }
}

/** Bytes as a body. */
export function bodyOf(bytes: Uint8Array, mediaType: string): RequestBody {
  return { mediaType, length: bytes.length, read: () => [bytes] };
}

/**
 * Sends a body and ends the request. The time that the body takes does not count as the other side's.
 * Throws only what reading the body throws: how the request fares, its own events tell.
 */
export async function sendBody(
  request: ClientRequest,
  body: RequestBody | undefined,
  watch: StallWatch,
): Promise<void> {
  let isAnswered = false;
  request.once('response', (answer) => {
    isAnswered = true;
    // An answer before the end is a refusal, and the rest of the body nobody's concern.
    answer.once('close', () => !request.writableEnded && request.destroy());
  });
  watch.pause();
  for await (const chunk of body?.read() ?? []) {
    if (isAnswered || request.destroyed) return;
    watch.resume();
    if (!request.write(chunk)) await untilDrained(request);
    watch.pause();
  }
  if (isAnswered || request.destroyed) return;
  watch.resume();
  request.end();
}

/** Until more can be written, or never again. */
function untilDrained(request: ClientRequest): Promise<void> {
  const events = ['drain', 'response', 'close'];
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of events) request.off(event, settle);
      resolve();
    };
    for (const event of events) request.on(event, settle);
  });
}
