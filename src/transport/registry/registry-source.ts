import { BerthError } from '../../errors.ts';
import { checkBytes } from '../../image/descriptor.ts';
import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import type { Endpoint } from '../../reference/endpoints.ts';
import { formatReference, type RegistryReference } from '../../reference/reference.ts';
import type { ImageSource } from '../source.ts';
import type { RegistryAccess } from './access.ts';
import { readBlob } from './blob.ts';
import { mirrorPatience, type Patience } from './http/patience.ts';
import { readConfig, readManifest, readTop } from './manifest.ts';
import { RegistryClient } from './registry-client.ts';

/** A place that may have the image, and how long to insist there. */
interface Place {
  client: RegistryClient;
  patience: Patience;
}

/** An image in a registry, or in a mirror of it. */
export class RegistrySource implements ImageSource {
  readonly name: string;
  readonly #access: RegistryAccess;
  readonly #loginCommand: string;
  readonly #tagsCommand: string;
  /** Mirrors first; the last is the image's own registry. */
  readonly #places: Place[];
  /** Which place had the image: the rest of it is asked for there first, and then after it. */
  #found = 0;

  /** `endpoints` has at least one; the last is the image's own registry. */
  constructor(reference: RegistryReference, endpoints: [Endpoint, ...Endpoint[]], access: RegistryAccess) {
    this.name = formatReference(reference);
    this.#access = access;
    this.#loginCommand = access.credentials.loginCommand(reference.domain);
    this.#tagsCommand = `berth tags ${formatReference({ ...reference, tag: undefined, digest: undefined })}`;
    this.#places = endpoints.map((endpoint, index) => ({
      client: new RegistryClient(endpoint, access.connections, access.credentials),
      patience: index < endpoints.length - 1 ? mirrorPatience(access.patience) : access.patience,
    }));
  }

  async top(): Promise<TopDocument> {
    this.#found = 0;
    try {
      return await this.#ask(async (place) => {
        const { client, patience } = place;
        const top = await readTop(client, client.endpoint.reference, patience);
        this.#found = this.#places.indexOf(place);
        return top;
      });
    } catch (error) {
      throw error instanceof BerthError ? this.#withHint(error) : error;
    }
  }

  manifest(descriptor: Descriptor): Promise<Buffer> {
    return this.#ask(async ({ client, patience }) => {
      const bytes = await readManifest(client, descriptor, patience);
      checkBytes(descriptor, bytes);
      return bytes;
    });
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return this.#ask(async ({ client, patience }) => {
      const bytes = await readConfig(client, descriptor, patience);
      checkBytes(descriptor, bytes);
      return bytes;
    });
  }

  /** Where one place fails, the next goes on from there: the digest says whether the parts make a whole. */
  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const failures: BerthError[] = [];
    let offset = 0;
    for (const { client, patience } of this.#places.slice(this.#found)) {
      try {
        for await (const chunk of readBlob(client, { descriptor, offset }, patience, signal)) {
          offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BerthError)) throw error;
        failures.push(error);
      }
    }
    throw asOne(failures);
  }

  passOver(): boolean {
    if (this.#found === this.#places.length - 1) return false;
    this.#found += 1;
    return true;
  }

  async close(): Promise<void> {
    this.#access.connections.close();
  }

  /** The answer of the first place that gives one. */
  async #ask<Answer>(question: (place: Place) => Promise<Answer>): Promise<Answer> {
    const failures: BerthError[] = [];
    for (const place of this.#places.slice(this.#found)) {
      try {
        return await question(place);
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        failures.push(error);
      }
    }
    throw asOne(failures);
  }

  #withHint(error: BerthError): BerthError {
    const hint = error.hint ?? this.#hintFor(error);
    return new BerthError(error.code, error.message, {
      cause: error.cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #hintFor({ code }: BerthError): string | undefined {
    switch (code) {
      case 'registry-not-found':
        return `check the name, and its tags: ${this.#tagsCommand}`;
      case 'registry-unauthorized':
        return `check the name, or log in: ${this.#loginCommand}`;
      case 'credential-refused':
        return this.#loginCommand;
      default:
        return undefined;
    }
  }
}

/** The failure at the image's own registry, with what the mirrors said. */
function asOne(failures: BerthError[]): unknown {
  const last = failures.pop();
  if (last === undefined || failures.length === 0) return last;
  const { code, message, hint, cause } = last;
  return new BerthError(code, message, {
    cause: new AggregateError(failures, 'the mirrors failed too', { cause }),
    ...(hint === undefined ? {} : { hint }),
  });
}
