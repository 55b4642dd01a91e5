import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import { formatReference, type RegistryReference } from '../../reference/reference.ts';
import type { BlobOnTheWay, ImageDestination } from '../destination.ts';
import type { RegistryAccess } from './access.ts';
import { bodyOf } from './http/request-body.ts';
import { retry } from './http/retry.ts';
import { failureOf } from './http/status.ts';
import type { OwnRegistry } from './own-registry.ts';
import type { RegistryClient } from './registry-client.ts';
import { endUpload, expectSuccess, mountBlob, uploadBlob } from './upload.ts';

/** A tag in a registry. Blobs are there as soon as they are put; the tag is what appears last. */
export class RegistryDestination implements ImageDestination {
  readonly name: string;
  readonly holds = 'anything';
  readonly parallel = 3;
  readonly #access: RegistryAccess;
  readonly #client: RegistryClient;
  readonly #mountFrom: string | undefined;
  /** Uploads that the registry opened where it was asked for a mount. */
  readonly #begun = new Map<Digest, URL>();

  /** `from` is where the image comes from, if that is a registry. Throws `reference-invalid` for a digest. */
  constructor({ client, access }: OwnRegistry, from: RegistryReference | undefined) {
    const { reference } = client.endpoint;
    this.name = formatReference(reference);
    if (reference.digest !== undefined) {
      throw new BerthError('reference-invalid', `not a destination: ${this.name}: a digest is no name`, {
        hint: 'name a tag: the digest follows from the image',
      });
    }
    this.#access = access;
    this.#client = client;
    const isNear = from?.domain === reference.domain && from.path !== reference.path;
    this.#mountFrom = isNear ? from.path : undefined;
  }

  /** A blob that is in another repository nearby is there, too, from then on. */
  async has(descriptor: Descriptor, signal: AbortSignal): Promise<boolean> {
    return await retry(this.#access.patience, signal, async () => {
      if (await this.#hasHere(descriptor, signal)) return true;
      if (this.#mountFrom === undefined || this.#begun.has(descriptor.digest)) return false;
      const mounted = await mountBlob(this.#client, descriptor, this.#mountFrom, signal);
      if (mounted instanceof URL) this.#begun.set(descriptor.digest, mounted);
      return mounted === true;
    });
  }

  async putBlob({ descriptor, read }: BlobOnTheWay, signal: AbortSignal): Promise<void> {
    const place = this.#begun.get(descriptor.digest);
    this.#begun.delete(descriptor.digest);
    const upload = { read: () => read(signal), place, signal };
    await uploadBlob(this.#client, descriptor, upload, this.#access.patience);
  }

  async putManifest(document: TopDocument, isTop: boolean, signal: AbortSignal): Promise<void> {
    const { mediaType, digest } = document.descriptor;
    const { tag } = this.#client.endpoint.reference;
    const what = isTop ? this.name : `${this.name}: manifest ${digest}`;
    const path = `manifests/${isTop && tag !== undefined ? tag : digest}`;
    const body = bodyOf(document.bytes, mediaType);
    await retry(this.#access.patience, signal, async () =>
      expectSuccess(await this.#client.send({ method: 'PUT', path, what, body, signal }), what),
    );
  }

  /** Nothing to do: with its manifest, the tag is there. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    for (const place of this.#begun.values()) await endUpload(this.#client, place);
    this.#access.connections.close();
  }

  async #hasHere({ digest, size }: Descriptor, signal: AbortSignal): Promise<boolean> {
    const what = `${this.name}: blob ${digest}`;
    const answer = await this.#client.send({ method: 'HEAD', path: `blobs/${digest}`, what, signal });
    if (answer.status !== 200 && answer.status !== 404) throw await failureOf(answer, what);
    answer.discard();
    return answer.status === 200 && (answer.length ?? size) === size;
  }
}
