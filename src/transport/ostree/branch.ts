import { type Digest, digestHex } from '../../image/digest.ts';

const PREFIX = 'ociimage/';

/** The branch in which atomic(1) keeps the image of a name; what is one already stays. */
export function imageBranch(name: string): string {
  if (name.startsWith(PREFIX)) return name;
  const tagged = /:[^/]*$/.test(name) ? name : `${name}:latest`;
  return (
    PREFIX +
    tagged.replace(
      /[^A-Za-z0-9.-]/g,
      (character) => `_${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
  );
}

/** The branch of a blob: of a layer the files, of a config the file `/content`. */
export function blobBranch(digest: Digest): string {
  return PREFIX + digestHex(digest);
}
