import type { Descriptor, Platform, ResolvedImage } from '../image/image.ts';

/** The seam between where an image comes from and what is done with it: one per transport. */
export interface ImageSource {
  /**
   * The reference as a person would write it to get the same image again, fully qualified. Of a short
   * name that several registries may have it is certain only after `resolve`.
   */
  readonly name: string;

  /**
   * The image for a platform. Manifest and config are verified against their digests and sizes;
   * an index is followed to the platform.
   */
  resolve(platform: Platform): Promise<ResolvedImage>;

  /**
   * The bytes of a blob in order, exactly `descriptor.size` of them or an error. Breaks of the line
   * are retried inside. The consumer checks the digest: it hashes the bytes anyway.
   */
  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;

  /** Frees connections. */
  close(): Promise<void>;
}
