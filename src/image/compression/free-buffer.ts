/** True for bytes that have their memory for themselves: others may be slices of the pool that small buffers share. */
export function fillsItsBuffer(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
}

/**
 * Gives the memory behind some bytes back at once, if they have it for themselves. It may not be used any
 * more, here or elsewhere. V8 collects buffers only when some 64 MiB of them have piled up, in each thread,
 * and that would be most of the memory of a pull.
 */
export function freeBuffer(bytes: Uint8Array): void {
  if (fillsItsBuffer(bytes) && bytes.length > 0) bytes.buffer.transfer(0);
}
