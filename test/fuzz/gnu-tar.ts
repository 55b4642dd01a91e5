import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Limits } from '../../src/image/limits.ts';
import type { TarEntry, TarEntryType } from '../../src/layer/tar-entry.ts';
import { type TarHandler, TarReader } from '../../src/layer/tar-reader.ts';

/**
 * Throws when GNU tar lists other entries of an archive that berth reads, or other content; false when it
 * refuses the archive.
 */
export function compareWithGnuTar(archive: Buffer, limits: Limits): boolean {
  if (hasGlobalHeader(archive)) return false;
  const own = new Listing();
  const reader = new TarReader(own, limits);
  reader.write(Buffer.from(archive));
  reader.finish();
  const listed = tar(archive, '--list', '--verbose', '--numeric-owner', '--full-time', '--utc');
  if (listed === undefined) return false;
  const lines = listed.toString('latin1').split('\n').slice(0, -1);
  assert.deepEqual(own.lines.map(withoutWidths), lines.map(withoutWidths));
  const content = tar(archive, '--extract', '--to-stdout');
  if (content === undefined) return false;
  assert.equal(own.content, createHash('sha256').update(content).digest('hex'), 'content differs');
  return true;
}

// GNU tar applies one to all that follows, and no container tool does.
function hasGlobalHeader(archive: Buffer): boolean {
  for (let at = 0; at < archive.length; at += 512) {
    if (archive[at + 156] === 0x67 && archive.toString('latin1', at + 257, at + 262) === 'ustar') return true;
  }
  return false;
}

function tar(archive: Buffer, ...options: string[]): Buffer | undefined {
  const always = ['--absolute-names', '--quoting-style=escape', '--file=-'];
  const { status, stdout } = spawnSync('tar', [...options, ...always], {
    input: archive,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    maxBuffer: 1 << 28,
  });
  return status === 0 ? stdout : undefined;
}

// C is a file that was to be contiguous. With a slash behind its name, a file is a directory, also to GNU tar,
// which only does not say so of the first kind and of the root. Columns are as wide as the widest before them.
function withoutWidths(line: string): string {
  const type = line.endsWith('/') ? 'd' : '-';
  return line.replace(/^[C-]/, type).replace(/^(\S+ \S+) +(\S+ \S+ \S+) +/, '$1 $2 ');
}

const SECOND = 1_000_000_000n;

const LETTERS: Record<TarEntryType, string> = {
  file: '-',
  hardlink: 'h',
  symlink: 'l',
  character: 'c',
  block: 'b',
  directory: 'd',
  fifo: 'p',
};

/** Entries as GNU tar prints them, and the content of all files together. */
class Listing implements TarHandler {
  readonly lines: string[] = [];
  readonly #content = createHash('sha256');

  get content(): string {
    return this.#content.copy().digest('hex');
  }

  entry(entry: TarEntry): void {
    const { type, uid, gid, size, major, minor, mtime } = entry;
    const amount = type === 'character' || type === 'block' ? `${major},${minor}` : size;
    this.lines.push(
      `${LETTERS[type]}${permissions(entry.mode)} ${uid}/${gid} ${amount} ${time(mtime)} ${names(entry)}`,
    );
  }

  data(chunk: Buffer): void {
    this.#content.update(chunk);
  }

  end(): void {}
}

function names({ type, name, linkName }: TarEntry): string {
  if (type === 'symlink') return `${quoted(name)} -> ${quoted(linkName)}`;
  return type === 'hardlink' ? `${quoted(name)} link to ${quoted(linkName)}` : quoted(name);
}

function permissions(mode: number): string {
  const special: [number, string][] = [
    [0o4000, 's'],
    [0o2000, 's'],
    [0o1000, 't'],
  ];
  return special
    .map(([bit, letter], place) => {
      const three = (mode >> (6 - 3 * place)) & 7;
      const last = mode & bit ? (three & 1 ? letter : letter.toUpperCase()) : three & 1 ? 'x' : '-';
      return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${last}`;
    })
    .join('');
}

// Below a second only what is not zero, and years of any length. What lies between two seconds before 1970
// is printed as the later of them and what is missing to it.
function time(nanoseconds: bigint): string {
  const seconds = nanoseconds / SECOND;
  const rest = nanoseconds < 0n ? -(nanoseconds % SECOND) : nanoseconds % SECOND;
  const date = new Date(Number(seconds) * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${day} ${clock}${fraction}`;
}

const SHORT: Record<string, string> = {
  '\x07': 'a',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '\\': '\\',
};

function quoted(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|\\/g,
    (byte) => `\\${SHORT[byte] ?? byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
