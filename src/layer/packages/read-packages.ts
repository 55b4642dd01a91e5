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
  parse: (bytes: Buffer) => Package[];
}

/** Bytes: dpkg's status of a desktop has 5 MB, rpm's database 100 MB. */
const LARGEST = 256 << 20;

/** Where distroless images have a file for each package. */
const STATUS_FILES = 'var/lib/dpkg/status.d';
const MOST_STATUS_FILES = 10_000;

const dpkg = (bytes: Buffer) => parseDpkgStatus(bytes.toString('utf8'));
const apk = (bytes: Buffer) => parseApkInstalled(bytes.toString('utf8'));

const DATABASES: readonly Database[] = [
  { path: 'var/lib/dpkg/status', parse: dpkg },
  { path: 'lib/apk/db/installed', parse: apk },
  { path: 'usr/lib/apk/db/installed', parse: apk },
  ...['var/lib/rpm', 'usr/lib/sysimage/rpm'].flatMap((directory) => [
    { path: `${directory}/rpmdb.sqlite`, parse: parseRpmDatabase },
    {
      path: `${directory}/rpmdb.sqlite-wal`,
      parse: refuse('it has changes that are not in the database yet'),
    },
    { path: `${directory}/Packages`, parse: refuse('it is a Berkeley DB, not SQLite') },
    { path: `${directory}/Packages.db`, parse: refuse('it is a database of rpm’s own, not SQLite') },
  ]),
];

/**
 * Reads the databases of dpkg, apk and rpm in an image. What cannot be read is told and not thrown: an image may have
 * anything there. Throws `store-damaged`.
 */
export function readPackages(content: ImageContent): ImagePackages {
  const packages: Package[] = [];
  const unread: string[] = [];
  for (const { path, parse } of [...DATABASES, ...statusFiles(content)]) {
    try {
      for (const each of parseFile(content, path, parse)) packages.push(each);
      checkCount(packages.length);
    } catch (error) {
      if (error instanceof BerthError) throw error;
      unread.push(`/${path}: ${messageOf(error)}`);
    }
  }
  return { packages, unread };
}

function parseFile(content: ImageContent, path: string, parse: Database['parse']): Package[] {
  const node = content.tree.find(path);
  if (node?.type !== 'file' || node.size === 0) return [];
  if (node.size > LARGEST) throw new Error(`it is larger than ${LARGEST >> 20} MiB`);
  return parse(readImageFile(content, node));
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
    .filter((name) => !name.endsWith('.md5sums'))
    .slice(0, MOST_STATUS_FILES)
    .map((name) => ({ path: `${STATUS_FILES}/${name}`, parse: dpkg }));
}
