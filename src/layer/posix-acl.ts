import { invalid } from '../image/layer-problem.ts';

/** What a list of access rights makes of an entry: the permission bits, and the list as the kernel gives it back. */
export interface PosixAcl {
  permissions: number;
  /** Latin1 text that stands for bytes. */
  value: string;
}

const VERSION = 2;
const HEADER = 4;
const ENTRY = 8;

// In the order that the kernel asks for (acl(5), posix_acl_valid).
const TAGS = { owner: 1, user: 2, ownerGroup: 4, group: 8, mask: 16, other: 32 };
const ORDER = /^ou*Gg*m?t$/;
const LETTERS = new Map([
  [TAGS.owner, 'o'],
  [TAGS.user, 'u'],
  [TAGS.ownerGroup, 'G'],
  [TAGS.group, 'g'],
  [TAGS.mask, 'm'],
  [TAGS.other, 't'],
]);

interface AclEntry {
  tag: number;
  permissions: number;
  id: number;
}

/**
 * Reads the xattr `system.posix_acl_access` or `system.posix_acl_default`. The kernel changes the mode by
 * it and gives back another spelling than it took; both are foreseen here, because an object's key
 * covers them. Undefined for a list of nothing. Throws `layer-invalid`.
 */
export function readPosixAcl(text: string): PosixAcl | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < HEADER || bytes.readUInt32LE() !== VERSION || bytes.length % ENTRY !== HEADER) {
    throw invalid('POSIX ACL of an unknown form');
  }
  const entries = [...eachEntry(bytes)];
  if (entries.length === 0) return undefined;
  checkEntries(entries);
  const of = (tag: number) => entries.find((entry) => entry.tag === tag)?.permissions;
  const group = of(TAGS.mask) ?? of(TAGS.ownerGroup) ?? 0;
  return {
    permissions: ((of(TAGS.owner) ?? 0) << 6) | (group << 3) | (of(TAGS.other) ?? 0),
    value: bytes.toString('latin1'),
  };
}

/** True for a list that says no more than permission bits do. */
export function isMinimalAcl({ value }: PosixAcl): boolean {
  return value.length === HEADER + 3 * ENTRY;
}

// Only named users and groups have an ID; the kernel drops what else stands in its place.
function* eachEntry(bytes: Buffer): Generator<AclEntry> {
  for (let at = HEADER; at < bytes.length; at += ENTRY) {
    const tag = bytes.readUInt16LE(at);
    if (tag !== TAGS.user && tag !== TAGS.group) bytes.writeUInt32LE(0xffffffff, at + 4);
    yield { tag, permissions: bytes.readUInt16LE(at + 2), id: bytes.readUInt32LE(at + 4) };
  }
}

function checkEntries(entries: AclEntry[]): void {
  const order = entries.map(({ tag }) => LETTERS.get(tag) ?? '?').join('');
  const named = /[ug]/.test(order);
  const nobody = entries.some(
    ({ tag, id }) => (tag === TAGS.user || tag === TAGS.group) && id === 0xffffffff,
  );
  const unknown = entries.some(({ permissions }) => permissions > 7);
  if (!ORDER.test(order) || (named && !order.includes('m')) || nobody || unknown) {
    throw invalid('POSIX ACL that the kernel refuses');
  }
}
