import { invalid, printable } from '../image/layer-problem.ts';
import { isHostXattr, type Metadata } from '../store/object.ts';
import { isMinimalAcl, readPosixAcl } from './posix-acl.ts';
import type { TarEntryType } from './tar-entry.ts';

const ACL = 'system.posix_acl_access';
const DEFAULT_ACL = 'system.posix_acl_default';
const CAPABILITY = 'security.capability';

// xattr(7): what Linux takes at all.
const VALUE_BYTES = 65_536;
const NONE: Metadata['xattrs'] = [];

/**
 * The mode and the extended attributes that an entry has once the kernel has taken them, sorted by name:
 * objects are known by what is read back. Left out, as other tools do, is what belongs to the host, what
 * this type of file cannot have, and namespaces of other systems. Throws `layer-invalid` for values
 * that the kernel refuses.
 */
export function takeXattrs(
  type: TarEntryType,
  mode: number,
  xattrs: ReadonlyMap<string, string>,
): Pick<Metadata, 'mode' | 'xattrs'> {
  if (xattrs.size === 0) return { mode, xattrs: NONE };
  const taken = { mode, xattrs: [] as Metadata['xattrs'] };
  for (const [name, value] of [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (isHostXattr(name) || !mayHave(type, name)) continue;
    if (name.endsWith('.') || value.length > VALUE_BYTES) {
      throw invalid(`extended attribute with a wrong name or a value that is too long: ${printable(name)}`);
    }
    if (name === ACL || name === DEFAULT_ACL) takeAcl(taken, name, value);
    else taken.xattrs.push([name, name === CAPABILITY ? readCapability(value) : value]);
  }
  return taken;
}

function mayHave(type: TarEntryType, name: string): boolean {
  if (name === ACL) return type !== 'symlink';
  if (name === DEFAULT_ACL) return type === 'directory';
  return (
    name.startsWith('security.') || (name.startsWith('user.') && (type === 'file' || type === 'directory'))
  );
}

function takeAcl(taken: Pick<Metadata, 'mode' | 'xattrs'>, name: string, value: string): void {
  const acl = readPosixAcl(value);
  if (acl === undefined) return;
  if (name === ACL) taken.mode = (taken.mode & 0o7000) | acl.permissions;
  if (name === DEFAULT_ACL || !isMinimalAcl(acl)) taken.xattrs.push([name, acl.value]);
}

// capabilities(7), "File capability extended attribute versioning". Of version 3 for the root of the
// host the kernel gives back version 2.
function readCapability(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const version = bytes.length < 4 ? 0 : bytes.readUInt32LE() & ~1;
  if (version === 0x02000000 && bytes.length === 20) return text;
  const root = version === 0x03000000 && bytes.length === 24 ? bytes.readUInt32LE(20) : 0xffffffff;
  if (root === 0xffffffff) throw invalid('file capabilities of an unknown form');
  if (root !== 0) return text;
  bytes.writeUInt32LE(0x02000000 | (bytes.readUInt32LE() & 1));
  return bytes.toString('latin1', 0, 20);
}
