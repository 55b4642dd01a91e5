import { readFile, stat } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import { resolveInRootfs } from './rootfs-path.ts';

/** Who the image's process runs as: numbers, as config.json wants them. */
export interface ImageUser {
  uid: number;
  gid: number;
  additionalGids: number[];
  /** From the image's passwd; undefined for a user that is not in it. */
  home: string | undefined;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

const MAX_ID = 2 ** 32 - 2;
const MAX_FILE = 4 * 1024 * 1024;

/**
 * Finds an image's User (OCI image spec, config.md: `user`, `uid`, `user:group`, `uid:gid` and
 * mixtures) in the passwd and group files of its rootfs. A user without a group also gets the
 * groups that list it. Throws `image-config-invalid` naming a user or group that is not there.
 */
export async function findImageUser(rootfs: string, user: string): Promise<ImageUser> {
  const [who = '', ...rest] = user.split(':');
  const groupName = rest.join(':');
  const accounts = (await readLines(rootfs, '/etc/passwd')).flatMap(passwdEntry);
  const groups = (await readLines(rootfs, '/etc/group')).flatMap(groupEntry);
  const account = findAccount(accounts, who || '0');
  const uid = account?.uid ?? parseId(who || '0');
  if (uid === undefined) throw unknown('user', who, user, '/etc/passwd');
  const base = { uid, home: account?.home };
  if (groupName === '') {
    const additionalGids = groups
      .filter(
        ({ gid, members }) => account !== undefined && gid !== account.gid && members.includes(account.name),
      )
      .map(({ gid }) => gid);
    return { ...base, gid: account?.gid ?? 0, additionalGids: [...new Set(additionalGids)] };
  }
  const gid = groups.find(({ name }) => name === groupName)?.gid ?? parseId(groupName);
  if (gid === undefined) throw unknown('group', groupName, user, '/etc/group');
  return { ...base, gid, additionalGids: [] };
}

/** A name comes before a number, as in other tools: a user may be called "1000". */
function findAccount(accounts: PasswdEntry[], who: string): PasswdEntry | undefined {
  return accounts.find(({ name }) => name === who) ?? accounts.find(({ uid }) => uid === parseId(who));
}

function passwdEntry(line: string): PasswdEntry[] {
  const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
  const ids = [parseId(uid), parseId(gid)] as const;
  if (name === '' || ids[0] === undefined || ids[1] === undefined) return [];
  return [{ name, uid: ids[0], gid: ids[1], home }];
}

function groupEntry(line: string): GroupEntry[] {
  const [name = '', , id = '', members = ''] = line.split(':');
  const gid = parseId(id);
  return name === '' || gid === undefined ? [] : [{ name, gid, members: members.split(',') }];
}

function parseId(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

async function readLines(rootfs: string, inside: string): Promise<string[]> {
  const { path, type } = resolveInRootfs(rootfs, inside);
  if (type !== 'file') return [];
  const { size } = await stat(path);
  if (size > MAX_FILE) {
    throw new BerthError('limit-exceeded', `too large: ${inside} of the image: ${size} bytes`);
  }
  return (await readFile(path, 'latin1')).split('\n');
}

function unknown(what: string, name: string, user: string, file: string): BerthError {
  const whole = name === user ? '' : ` (User is ${JSON.stringify(user)})`;
  return new BerthError(
    'image-config-invalid',
    `unknown ${what} of the image: ${JSON.stringify(name)}: not in its ${file}${whole}`,
  );
}
