import { printable, unsafe } from '../image/layer-problem.ts';
import { checkLimit, type Limits } from '../image/limits.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS = '.wh..wh.';
const NAME_MAX = 255;

/** Where an entry goes, and whether it is one at all (OCI image spec, layer.md, "Whiteouts"). */
export type EntryPlace =
  | { kind: 'entry'; path: string }
  | { kind: 'whiteout'; path: string }
  | { kind: 'opaque'; path: string }
  /** Bookkeeping of the aufs storage driver in old images; no reader unpacks it. */
  | { kind: 'ignored' };

/** Reads the name of an entry. Throws `layer-unsafe` for names that lead out, `limit-exceeded`. */
export function placeEntry(name: string, limits: Limits): EntryPlace {
  const path = normalizePath(name, limits);
  if (!path.includes(WHITEOUT)) return { kind: 'entry', path };
  const parts = path.split('/');
  const last = parts.pop() ?? '';
  if (parts.some((part) => part.startsWith(AUFS))) return { kind: 'ignored' };
  // A tool that unpacks would hide the parent and then unpack below what is hidden.
  if (parts.some((part) => part.startsWith(WHITEOUT))) {
    throw unsafe(`${printable(name)}: entry below a whiteout`);
  }
  if (last === OPAQUE) return { kind: 'opaque', path: parts.join('/') };
  if (last.startsWith(AUFS)) return { kind: 'ignored' };
  if (!last.startsWith(WHITEOUT)) return { kind: 'entry', path };
  const hidden = last.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw unsafe(`${printable(name)}: whiteout of ${printable(hidden)}`);
  }
  return { kind: 'whiteout', path: [...parts, hidden].join('/') };
}

/**
 * A path relative to the root, without empty and "." parts; "" is the root. Absolute names mean the
 * image's root, as every reader takes them; ".." is refused even where it would stay inside, because
 * it depends on symlinks where it leads. Throws `layer-unsafe`, `limit-exceeded`.
 */
export function normalizePath(name: string, limits: Limits): string {
  if (name === '') throw unsafe('entry without a name');
  checkLimit(limits, 'pathBytes', name.length, 'length of a path');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(`${printable(name)}: ".." in a name`);
  if (parts.some((part) => part.length > NAME_MAX)) {
    throw unsafe(`${printable(name)}: a name is longer than ${NAME_MAX} bytes`);
  }
  checkLimit(limits, 'depth', parts.length, 'depth of a path');
  return parts.join('/');
}
