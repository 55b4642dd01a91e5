import { finished, type Readable } from 'node:stream';

/**
 * What a stream gives, in lists of the pieces that came while the reader was busy. A stream's own iterator
 * copies them together and leaves them to V8, which collects such memory tens of megabytes late; these
 * are the reader's. Where `most` bytes wait to be read, the stream does. Throws what it failed with, and
 * destroys it at the end.
 */
export async function* streamPieces(stream: Readable, most: number): AsyncGenerator<Buffer<ArrayBuffer>[]> {
  let held: Buffer<ArrayBuffer>[] = [];
  let bytes = 0;
  let end: { error: unknown } | undefined;
  let wake: () => void = () => {};
  stream.on('data', (piece) => {
    held.push(piece);
    bytes += piece.length;
    if (bytes >= most) stream.pause();
    wake();
  });
  finished(stream, { writable: false }, (error) => {
    end = { error };
    wake();
  });
  try {
    while (held.length > 0 || end === undefined) {
      if (held.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        const pieces = held;
        held = [];
        bytes = 0;
        stream.resume();
        yield pieces;
      }
    }
    if (end.error) throw end.error;
  } finally {
    stream.destroy();
  }
}
