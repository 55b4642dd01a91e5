import { type Digest, digestHex } from '../image/digest.ts';

/** The first 12 hex digits of a digest: enough for people to tell one from another. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}
