import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { TopDocument } from '../../image/resolve-image.ts';
import type { ImageSource } from '../../transport/source.ts';

/**
 * An image that must have the digest of a lock. A registry is asked for that digest (`pinned`), elsewhere what comes is
 * compared. It keeps the name that it has without a lock, so that a later update asks for its tag.
 */
export class LockedSource implements ImageSource {
  readonly #source: ImageSource;
  readonly #digest: Digest;

  constructor(source: ImageSource, digest: Digest) {
    this.#source = source;
    this.#digest = digest;
  }

  get name(): string {
    return this.#source.name.replace(`@${this.#digest}`, '');
  }

  async top(): Promise<TopDocument> {
    const top = await this.#source.top();
    const { digest } = top.descriptor;
    if (digest === this.#digest) return top;
    throw new BerthError(
      'digest-mismatch',
      `not the image of the lock: ${this.name}: it is ${digest}, the lock says ${this.#digest}`,
      { hint: 'berth lock' },
    );
  }

  manifest(descriptor: Descriptor): Promise<Buffer> {
    return this.#source.manifest(descriptor);
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return this.#source.config(descriptor);
  }

  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#source.blob(descriptor, signal);
  }

  passOver(): boolean {
    return this.#source.passOver?.() ?? false;
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
