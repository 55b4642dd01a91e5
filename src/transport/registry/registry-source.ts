import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import type { Endpoint } from '../../reference/endpoints.ts';
import { formatReference, type RegistryReference } from '../../reference/reference.ts';
import type { ImageSource } from '../source.ts';
import { readBlob } from './blob.ts';
import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { readConfig, readManifest, readTop } from './manifest.ts';
import type { Patience } from './patience.ts';
import { RegistryClient } from './registry-client.ts';

export interface RegistryAccess {
  connections: Connections;
  credentials: Credentials;
  patience: Patience;
}

/** An image in a registry, or in a mirror of it. */
export class RegistrySource implements ImageSource {
  readonly name: string;
  readonly #access: RegistryAccess;
  readonly #clients: RegistryClient[];
  /** The one that had the image: its blobs come from the same place. */
  #client: RegistryClient;

  /** `endpoints` has at least one; the last is the image's own registry. */
  constructor(reference: RegistryReference, endpoints: [Endpoint, ...Endpoint[]], access: RegistryAccess) {
    this.name = formatReference(reference);
    this.#access = access;
    const [first, ...others] = endpoints;
    this.#client = this.#clientOf(first);
    this.#clients = [this.#client, ...others.map((endpoint) => this.#clientOf(endpoint))];
  }

  async top(): Promise<TopDocument> {
    const failures: unknown[] = [];
    for (const client of this.#clients) {
      try {
        const top = await readTop(client, client.endpoint.reference, this.#access.patience);
        this.#client = client;
        return top;
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        failures.push(error);
      }
    }
    const last = failures.pop();
    throw last instanceof BerthError ? this.#explained(last, failures) : last;
  }

  manifest(descriptor: Descriptor): Promise<Buffer> {
    return readManifest(this.#client, descriptor, this.#access.patience);
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return readConfig(this.#client, descriptor, this.#access.patience);
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlob(this.#client, descriptor, this.#access.patience, signal);
  }

  async close(): Promise<void> {
    this.#access.connections.close();
  }

  /** The failure at the image's own registry, with what to try and what the mirrors said. */
  #explained(error: BerthError, mirrors: unknown[]): BerthError {
    const cause =
      mirrors.length === 0
        ? error.cause
        : new AggregateError(mirrors, 'the mirrors failed too', { cause: error.cause });
    const hint = error.hint ?? this.#hintFor(error);
    return new BerthError(error.code, error.message, { cause, ...(hint === undefined ? {} : { hint }) });
  }

  #hintFor({ code }: BerthError): string | undefined {
    switch (code) {
      case 'registry-not-found':
        return 'check the spelling of the name and its tag';
      case 'registry-unauthorized':
        return `check the name, and the credentials for its registry in ${this.#access.credentials.primary} (see containers-auth.json(5))`;
      default:
        return undefined;
    }
  }

  #clientOf(endpoint: Endpoint): RegistryClient {
    return new RegistryClient(endpoint, this.#access.connections, this.#access.credentials);
  }
}
