import { closeSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { callLibc } from '../linux/libc.ts';

const SOCKET = '/run/systemd/journal/socket';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
/** MSG_DONTWAIT and MSG_NOSIGNAL: a journal that hangs is not waited for. */
const FLAGS = 0x4040;

/** Of one field in bytes: an entry must fit into a datagram. */
const LONGEST = 8192;

/** Fields of a journal entry, by name (systemd.journal-fields(7)). */
export type JournalFields = Readonly<Record<string, string>>;

/**
 * Writes an entry with fields of one's own into the journal of the running system. No error where there is
 * no journal, or one that takes nothing now: what is logged is done already.
 */
export function sendToJournal(fields: JournalFields, socket = SOCKET): void {
  const descriptor = callLibc('int socket(int, int, int)', [AF_UNIX, SOCK_DGRAM_CLOEXEC, 0]);
  try {
    const [entry, address] = [encodeEntry(fields), addressOf(socket)];
    const args = [descriptor, entry, entry.length, FLAGS, address, address.length];
    callLibc('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)', args, socket);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ECONNREFUSED', 'EAGAIN')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** The native protocol of the journal: a line a field, or, where a value has lines, name, length and value. */
export function encodeEntry(fields: JournalFields): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, text]) => {
      const value = Buffer.from(text).subarray(0, LONGEST);
      if (!value.includes('\n')) return [Buffer.from(`${name}=`), value, Buffer.from('\n')];
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(value.length));
      return [Buffer.from(`${name}\n`), length, value, Buffer.from('\n')];
    }),
  );
}

/** sockaddr_un (unix(7)): the family in the byte order of the machine. */
function addressOf(path: string): Buffer {
  const family = Buffer.from(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, Buffer.from(`${path}\0`)]);
}
