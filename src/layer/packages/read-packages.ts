import { BerthError, messageOf } from '../../errors.ts';
import { type ImageContent, readImageFile } from '../image-content.ts';
import { checkCount, type Package } from './package.ts';
import { parseRpmDatabase } from './rpm-database.ts';
import { parseApkInstalled, parseDpkgStatus } from './text-database.ts';

/** What the package managers of an image have installed. */
export interface ImagePackages {
  packages: Package[];
  /** Databases that cannot be read, and why, each as a sentence: their packages are not known. */
  unread: string[];
}

/** A file that may be there, and what reads it: throws an Error that says why it cannot. */
interface Database {
  path: string;
  /** Bytes that it may have. */
  most: number;
  parse: (bytes: Buffer) => Package[];
}

/** Bytes: dpkg's status of a desktop has 5 MB, rpm's database 100 MB. A text takes three times its size. */
const LARGEST_TEXT = 32 << 20;
const LARGEST_DATABASE = 256 << 20;

/** Bytes of all together: one large file may have thousands of names. */
const LARGEST_SUM = 512 << 20;

/** Where distroless images have a file for each package. */
const STATUS_FILES = 'var/lib/dpkg/status.d';
const MOST_STATUS_FILES = 10_000;

/** They are called as their packages; what has another name is none, and nothing to show to a person. */
const STATUS_FILE = /^[\w.+-]+$/;

const dpkg = (bytes: Buffer) => parseDpkgStatus(bytes.toString('utf8'));
const apk = (bytes: Buffer) => parseApkInstalled(bytes.toString('utf8'));

const DATABASES: readonly Database[] = [
  text('var/lib/dpkg/status', dpkg),
  text('lib/apk/db/installed', apk),
  text('usr/lib/apk/db/installed', apk),
  ...['var/lib/rpm', 'usr/lib/sysimage/rpm'].flatMap((directory) => [
    rpm(`${directory}/rpmdb.sqlite`, parseRpmDatabase),
    rpm(`${directory}/rpmdb.sqlite-wal`, refuse('it has changes that are not in the database yet')),
    rpm(`${directory}/Packages`, refuse('it is a Berkeley DB, not SQLite')),
    rpm(`${directory}/Packages.db`, refuse('it is a database of rpm’s own, not SQLite')),
  ]),
];

/**
 * Reads the databases of dpkg, apk and rpm in an image. What cannot be read is told and not thrown: an image may have
 * anything there. Throws `store-damaged`.
 */
export function readPackages(content: ImageContent): ImagePackages {
  const packages: Package[] = [];
  const unread: string[] = [];
  let bytes = 0;
  for (const { path, most, parse } of [...DATABASES, ...statusFiles(content)]) {
    const file = content.tree.find(path);
    if (file?.type !== 'file' || file.size === 0) continue;
    try {
      checkSize('it is', file.size, most);
      bytes += file.size;
      checkSize('all are', bytes, LARGEST_SUM);
      const found = parse(readImageFile(content, file));
      checkCount(packages.length + found.length);
      for (const each of found) packages.push(each);
    } catch (error) {
      if (error instanceof BerthError) throw error;
      unread.push(`/${path}: ${messageOf(error)}`);
    }
  }
  return { packages, unread };
}

function checkSize(what: string, bytes: number, most: number): void {
  if (bytes > most) throw new Error(`${what} larger than ${most >> 20} MiB`);
}

function text(path: string, parse: Database['parse']): Database {
  return { path, most: LARGEST_TEXT, parse };
}

function rpm(path: string, parse: Database['parse']): Database {
  return { path, most: LARGEST_DATABASE, parse };
}

function refuse(why: string): Database['parse'] {
  return () => {
    throw new Error(why);
  };
}

function statusFiles({ tree }: ImageContent): Database[] {
  const directory = tree.find(STATUS_FILES);
  if (directory?.type !== 'directory') return [];
  return [...directory.children.keys()]
    .filter((name) => STATUS_FILE.test(name) && !name.endsWith('.md5sums'))
    .slice(0, MOST_STATUS_FILES)
    .map((name) => text(`${STATUS_FILES}/${name}`, dpkg));
}
