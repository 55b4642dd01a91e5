import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import { formatReference } from '../../reference/reference.ts';
import type { HttpAnswer } from './http/http-answer.ts';
import type { Patience } from './http/patience.ts';
import { nextUrl } from './http/redirect.ts';
import { retry } from './http/retry.ts';
import { failureOf } from './http/status.ts';
import type { RegistryClient } from './registry-client.ts';

const OCTETS = 'application/octet-stream';
/** How long the end of an upload that failed may take, in milliseconds: the registry ends it some day anyway. */
const FAREWELL = 5_000;

export interface Upload {
  /** From the beginning each time that it is called. */
  read(): AsyncIterable<Uint8Array>;
  /** Where to send it, if that was asked for before. */
  place: URL | undefined;
  signal: AbortSignal;
}

/**
 * Puts a blob into a repository in one piece (OCI distribution spec, "Pushing blobs"). Where the line breaks,
 * all of it is sent again; an upload that fails is ended.
 */
export async function uploadBlob(
  client: RegistryClient,
  descriptor: Descriptor,
  { read, place: begun, signal }: Upload,
  patience: Patience,
): Promise<void> {
  const what = describe(client, descriptor);
  let next = begun;
  await retry(patience, signal, async () => {
    const place = next ?? (await begin(client, what, signal));
    next = undefined;
    try {
      const path = withDigest(place, descriptor);
      const body = { mediaType: OCTETS, length: descriptor.size, read };
      await expectSuccess(await client.send({ method: 'PUT', path, what, body, signal }), what);
    } catch (error) {
      await endUpload(client, place);
      throw error;
    }
  });
}

/**
 * Asks for a blob of another repository of the same registry. Returns true when it is there now, where to send
 * it when the registry wants that instead, and false when it wants neither.
 */
export async function mountBlob(
  client: RegistryClient,
  descriptor: Descriptor,
  from: string,
  signal: AbortSignal,
): Promise<boolean | URL> {
  const query = new URLSearchParams({ mount: descriptor.digest, from });
  const what = describe(client, descriptor);
  const answer = await client.send({ method: 'POST', path: `blobs/uploads/?${query}`, what, signal });
  if (answer.status === 202) return placeOf(answer);
  // Who may not read there, or whose registry knows no mounts, can still send the blob.
  answer.discard();
  return answer.status === 201;
}

/** Ends an upload of which nothing will come. */
export async function endUpload(client: RegistryClient, place: URL): Promise<void> {
  try {
    const signal = AbortSignal.timeout(FAREWELL);
    (await client.send({ method: 'DELETE', path: place.href, what: 'an upload', signal })).discard();
  } catch {
    // What went wrong before is what a person has to know, and registries forget uploads by themselves.
  }
}

/** Throws as `RegistryClient.get` unless the status is a success. */
export async function expectSuccess(answer: HttpAnswer, what: string): Promise<void> {
  if (answer.status < 200 || answer.status > 299) throw await failureOf(answer, what);
  answer.discard();
}

async function begin(client: RegistryClient, what: string, signal: AbortSignal): Promise<URL> {
  const answer = await client.send({ method: 'POST', path: 'blobs/uploads/', what, signal });
  if (answer.status !== 202) throw await failureOf(answer, what);
  return placeOf(answer);
}

function withDigest(place: URL, { digest }: Descriptor): string {
  const url = new URL(place);
  url.searchParams.set('digest', digest);
  return url.href;
}

function placeOf(answer: HttpAnswer): URL {
  const { location } = answer.headers;
  answer.discard();
  if (location === undefined) {
    throw new BerthError('registry-protocol', `an upload without a place: ${answer.url.host}: no Location`);
  }
  return nextUrl(answer.url, location);
}

function describe(client: RegistryClient, { digest }: Descriptor): string {
  return `${formatReference(client.endpoint.reference)}: blob ${digest}`;
}
