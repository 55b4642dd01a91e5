import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import { formatReference } from '../../reference/reference.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { Patience } from './patience.ts';
import { nextUrl } from './redirect.ts';
import type { RegistryClient } from './registry-client.ts';
import { retry } from './retry.ts';
import { failureOf } from './status.ts';

const OCTETS = 'application/octet-stream';
/** How long the end of an upload that failed may take, in milliseconds: the registry ends it some day anyway. */
const FAREWELL = 5_000;

export interface Upload {
  /** From the beginning each time that it is called. */
  read(): AsyncIterable<Uint8Array>;
  /** A repository of the same registry that has the blob. */
  mountFrom: string | undefined;
  signal: AbortSignal;
}

/**
 * Puts a blob into a repository (OCI distribution spec, "Pushing blobs"): mounted from another repository,
 * or sent in one piece. Where the line breaks, all of it is sent again; an upload that fails is ended.
 */
export async function uploadBlob(
  client: RegistryClient,
  descriptor: Descriptor,
  upload: Upload,
  patience: Patience,
): Promise<void> {
  const what = describe(client, descriptor);
  await retry(patience, upload.signal, async () => {
    const place = await begin(client, descriptor, upload);
    if (place === undefined) return;
    try {
      place.searchParams.set('digest', descriptor.digest);
      const { read, signal } = upload;
      const body = { mediaType: OCTETS, length: descriptor.size, read };
      const answer = await client.send({ method: 'PUT', path: place.href, what, body, signal });
      await expectSuccess(answer, what);
    } catch (error) {
      await abandon(client, place, what);
      throw error;
    }
  });
}

/** Throws as `RegistryClient.get` unless the status is a success. */
export async function expectSuccess(answer: HttpAnswer, what: string): Promise<void> {
  if (answer.status < 200 || answer.status > 299) throw await failureOf(answer, what);
  answer.discard();
}

/** Where to send a blob; undefined when it is there by now. */
async function begin(
  client: RegistryClient,
  descriptor: Descriptor,
  { mountFrom, signal }: Upload,
): Promise<URL | undefined> {
  const what = describe(client, descriptor);
  const post = (query: string): Promise<HttpAnswer> =>
    client.send({ method: 'POST', path: `blobs/uploads/${query}`, what, signal });
  if (mountFrom !== undefined) {
    const mounted = await post(`?${new URLSearchParams({ mount: descriptor.digest, from: mountFrom })}`);
    if (mounted.status === 201) {
      mounted.discard();
      return undefined;
    }
    if (mounted.status === 202) return placeOf(mounted);
    // Who may not read there, or whose registry knows no mounts, can still send the blob.
    mounted.discard();
  }
  const answer = await post('');
  if (answer.status !== 202) throw await failureOf(answer, what);
  return placeOf(answer);
}

function placeOf(answer: HttpAnswer): URL {
  const { location } = answer.headers;
  answer.discard();
  if (location === undefined) {
    throw new BerthError('registry-protocol', `an upload without a place: ${answer.url.host}: no Location`);
  }
  return nextUrl(answer.url, location);
}

async function abandon(client: RegistryClient, place: URL, what: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(FAREWELL);
    (await client.send({ method: 'DELETE', path: place.href, what, signal })).discard();
  } catch {
    // What went wrong before is what a person has to know, and registries forget uploads by themselves.
  }
}

function describe(client: RegistryClient, { digest }: Descriptor): string {
  return `${formatReference(client.endpoint.reference)}: blob ${digest}`;
}
