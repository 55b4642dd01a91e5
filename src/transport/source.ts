import type { Descriptor } from '../image/image.ts';
import type { ImageContent, TopDocument } from '../image/resolve-image.ts';

/**
 * The seam between where an image comes from and what is done with it: one per transport.
 * `resolveImage` follows it to the image of a platform.
 */
export interface ImageSource extends ImageContent {
  /**
   * The reference as a person would write it to get the same image again, fully qualified. Of a short
   * name that several registries may have it is certain only after `top`.
   */
  readonly name: string;

  /** The manifest or index that the reference names, checked against the digest of the reference, if it has one. */
  top(): Promise<TopDocument>;

  /**
   * The bytes of a blob in order, exactly `descriptor.size` of them or an error. Breaks of the line
   * are retried inside. The consumer checks the digest: it hashes the bytes anyway. Every chunk is the
   * consumer's from then on, who may give its memory to another thread.
   */
  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;

  /**
   * Hears that a blob was not what its digest names. True when there is another place to read from, and it
   * is read from there then.
   */
  passOver?(): boolean;

  /** Frees connections. */
  close(): Promise<void>;
}
