import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import { quote } from '../../reference/quote.ts';
import { formatReference } from '../../reference/reference.ts';
import { connectionFailure } from './http/connection-failure.ts';
import type { HttpAnswer } from './http/http-answer.ts';
import type { Patience } from './http/patience.ts';
import { Backoff } from './http/retry.ts';
import type { RegistryClient } from './registry-client.ts';

/** A blob, and how much of it is there already, in bytes. */
export interface BlobRest {
  descriptor: Descriptor;
  offset: number;
}

/**
 * The bytes of a blob from `offset` to its end, exactly `descriptor.size` in all. Where the line breaks it
 * goes on from there (RFC 9110, 14). Throws `size-mismatch` for more or fewer bytes, and what the client throws.
 */
export async function* readBlob(
  client: RegistryClient,
  { descriptor, offset: start }: BlobRest,
  patience: Patience,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { digest, size } = descriptor;
  const backoff = new Backoff(patience);
  const what = `${formatReference(client.endpoint.reference)}: blob ${digest}`;
  let offset = start;
  // Whatever befalls the line after the last byte, or at a place before this one, is no matter.
  while (offset < size) {
    try {
      const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
      const answer = await client.get({ path: `blobs/${digest}`, what, headers, signal });
      for await (const chunk of remainder(answer, descriptor, offset)) {
        offset += chunk.length;
        backoff.progress(chunk.length);
        yield chunk;
      }
    } catch (error) {
      await backoff.wait(error, signal);
    }
  }
}

/** What an answer has of a blob from `offset` on. */
async function* remainder(
  answer: HttpAnswer,
  descriptor: Descriptor,
  offset: number,
): AsyncGenerator<Buffer> {
  const { digest, size } = descriptor;
  const start = startOf(answer, descriptor, offset);
  let position = start;
  if (answer.length !== undefined && start + answer.length !== size) {
    answer.abandon();
    throw wrongSize(descriptor, start + answer.length);
  }
  for await (const chunk of answer.body()) {
    const before = position;
    position += chunk.length;
    // A server that knows no ranges starts over; what was passed on already is skipped.
    const wanted = chunk.subarray(Math.max(0, offset - before), size - before);
    if (wanted.length > 0) yield wanted;
    if (position > size) throw wrongSize(descriptor, position);
  }
  if (position === size) return;
  // Where only the end of the connection ends the body, a cut looks like an end.
  if (!answer.isDelimited) {
    throw connectionFailure(answer.url.host, new Error(`the connection ended within ${digest}`));
  }
  throw wrongSize(descriptor, position);
}

/** Where in the blob an answer begins. Throws `registry-protocol` when that is not what was asked for. */
function startOf(answer: HttpAnswer, { digest, size }: Descriptor, offset: number): number {
  if (answer.status === 200) return 0;
  const range = answer.headers['content-range'];
  const [, first, last, total] =
    /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15}|\*)$/.exec(range ?? '') ?? [];
  const fits =
    Number(first) === offset && Number(last) === size - 1 && (total === '*' || Number(total) === size);
  if (fits) return offset;
  answer.abandon();
  throw new BerthError(
    'registry-protocol',
    `another part came than was asked for: ${answer.url.host}: ${digest}: ${quote(range)} from ${offset} of ${size}`,
  );
}

function wrongSize({ digest, size }: Descriptor, found: number): BerthError {
  const came = found > size ? 'more' : `only ${found}`;
  return new BerthError('size-mismatch', `wrong size: ${digest}: ${size} bytes were named, ${came} came`);
}
