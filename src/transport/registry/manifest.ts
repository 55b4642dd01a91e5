import { checkDigest, digestOf } from '../../image/descriptor.ts';
import { type Digest, parseDigest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { MANIFEST_TYPES } from '../../image/media-type.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { formatReference, type RegistryReference } from '../../reference/reference.ts';
import type { Patience } from './http/patience.ts';
import { retry } from './http/retry.ts';
import type { RegistryClient } from './registry-client.ts';

const HEADERS = { accept: MANIFEST_TYPES.join(', ') };

/**
 * The document that a reference names. Its bytes are checked: against the digest of the reference,
 * and for a tag against the digest that the registry states. Throws `digest-mismatch`, and what the client throws.
 */
export async function readTop(
  client: RegistryClient,
  reference: RegistryReference,
  patience: Patience,
): Promise<TopDocument> {
  const name = reference.digest ?? reference.tag ?? 'latest';
  const what = formatReference(reference);
  return retry(patience, undefined, async () => {
    const answer = await client.get({ path: `manifests/${name}`, what, headers: HEADERS });
    const bytes = await answer.read('manifestBytes', 'manifest');
    const stated = reference.digest ?? statedDigest(answer.headers['docker-content-digest']);
    if (stated !== undefined) checkDigest(stated, bytes);
    const mediaType = mediaTypeOf(answer.headers['content-type']);
    return { descriptor: { mediaType, digest: stated ?? digestOf(bytes), size: bytes.length }, bytes };
  });
}

/** The bytes of a manifest or index that another one names; who asks checks them. */
export async function readManifest(
  client: RegistryClient,
  descriptor: Descriptor,
  patience: Patience,
): Promise<Buffer> {
  const { digest } = descriptor;
  const what = `${formatReference(client.endpoint.reference)}: manifest ${digest}`;
  return retry(patience, undefined, async () => {
    const answer = await client.get({ path: `manifests/${digest}`, what, headers: HEADERS });
    return answer.read('manifestBytes', 'manifest');
  });
}

/** The bytes of an image config, likewise. */
export async function readConfig(
  client: RegistryClient,
  { digest }: Descriptor,
  patience: Patience,
): Promise<Buffer> {
  const what = `${formatReference(client.endpoint.reference)}: config ${digest}`;
  return retry(patience, undefined, async () => {
    const answer = await client.get({ path: `blobs/${digest}`, what });
    return answer.read('configBytes', 'image config');
  });
}

function statedDigest(header: string | string[] | undefined): Digest | undefined {
  return header === undefined ? undefined : parseDigest(header);
}

function mediaTypeOf(header: string | undefined): string {
  return (header?.split(';')[0] ?? '').trim().toLowerCase();
}
