import { BerthError } from '../errors.ts';

/** A layer that is not well formed. The caller that knows which layer it is puts its digest in front. */
export function invalid(cause: string): BerthError {
  return new BerthError('layer-invalid', cause);
}

/** A layer that asks for what no image may have. */
export function unsafe(cause: string): BerthError {
  return new BerthError('layer-unsafe', cause);
}

/** A name from an archive as it can be printed: control characters and other bytes escaped. */
export function printable(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return `"${short.replace(/[^\x20-\x7e…]|["\\]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}
