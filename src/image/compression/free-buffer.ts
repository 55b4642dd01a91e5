/**
 * Gives the memory behind some bytes back at once: of a buffer that they fill, or, for one that was
 * handed out in slices, with the last slice. None of it may be used any more, here or elsewhere. V8
 * collects buffers only when some 64 MiB of them have piled up, in each thread, and that would be most
 * of the memory of a pull.
 */
export function freeBuffer(bytes: Uint8Array<ArrayBuffer>): void {
  const { buffer, byteOffset, byteLength } = bytes;
  const last = byteOffset + byteLength === buffer.byteLength;
  // Small buffers are slices of a pool that belongs to everybody.
  const ours = byteOffset === 0 || buffer.byteLength > Buffer.poolSize;
  if (last && ours && byteLength > 0) buffer.transfer(0);
}
