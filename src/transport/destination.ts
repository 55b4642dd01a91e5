import type { Descriptor } from '../image/image.ts';
import type { TopDocument } from '../image/resolve-image.ts';

/** A blob on its way: what names it, and where it comes from. */
export interface BlobOnTheWay {
  descriptor: Descriptor;
  /** The bytes from their beginning, each time that it is called; they are checked while they pass. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * The seam between copying an image and where it goes: one per transport. Nothing is to be seen of the
 * image there before `commit`, unless the destination keeps blobs apart from names.
 */
export interface ImageDestination {
  /** The reference as a person would write it. */
  readonly name: string;
  /** What it can hold: everything; documents of OCI's types only; one image of one platform only. */
  readonly holds: 'anything' | 'oci' | 'one-image';
  /** How many blobs it takes at a time. */
  readonly parallel: number;

  /** True when a blob is there, whole, and need not be put. */
  has(descriptor: Descriptor, signal: AbortSignal): Promise<boolean>;

  /** Puts a blob. Throws what reading it throws. */
  putBlob(blob: BlobOnTheWay, signal: AbortSignal): Promise<void>;

  /** Puts a manifest or index after all that it names; `isTop` is the one that gets the name. */
  putManifest(document: TopDocument, isTop: boolean, signal: AbortSignal): Promise<void>;

  /** Makes the image appear, durably. */
  commit(): Promise<void>;

  /** Frees what is open. Without a commit before it, nothing half-made stays. */
  close(): Promise<void>;
}
