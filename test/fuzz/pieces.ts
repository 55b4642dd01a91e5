/** Lengths that fit nothing: every boundary is crossed somewhere. */
const LENGTHS = [1, 511, 3, 700, 12, 4096, 65_536];

/** Some bytes in pieces, as a line gives them: copies, because who reads them frees them. */
export async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = bytes.length; at < bytes.length; turn += 1) {
    const length = LENGTHS[turn % LENGTHS.length] ?? 1;
    yield new Uint8Array(bytes.subarray(at, at + length));
    at += length;
  }
}
