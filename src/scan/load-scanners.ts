import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { listDirectory } from '../linux/list-directory.ts';
import type { Paths } from '../paths.ts';
import { Mistakes } from '../provision/host-file/mistakes.ts';
import { quote } from '../reference/quote.ts';
import { findPackageDirectory } from '../runtime/package-directory.ts';
import { shellLineToPaste } from '../systemd/shell-quote.ts';
import { readScanner } from './read-scanner.ts';
import type { Scanner } from './scanner.ts';

const EXAMPLE = 'scanners/debsums.yaml';

/**
 * The scanners of a host by name, or those of them that are wanted. A file of /etc takes the place of the vendor's of
 * the same name; a symlink to /dev/null there hides it. Throws `scanner-not-found`, `scanner-invalid` with line and
 * column, and `io`.
 */
export function loadScanners(paths: Paths, wanted: readonly string[] = []): Scanner[] {
  const files = findFiles(paths);
  const missing = wanted.find((name) => !files.has(name));
  if (missing !== undefined) {
    throw new BerthError('scanner-not-found', `no such scanner: ${quote(missing)}`, {
      hint: 'berth scan --list',
    });
  }
  const mistakes = new Mistakes('scanner-invalid', 'cannot use a scanner');
  const scanners = [...files]
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .flatMap(([name, file]) => readScanner(name, file, mistakes) ?? []);
  mistakes.throwAny();
  return scanners;
}

/** The error where there is no scanner at all. */
export function noScanners(paths: Paths): BerthError {
  const [own = ''] = paths.scanners;
  const examples = findPackageDirectory('examples', EXAMPLE);
  const install =
    examples === undefined
      ? {}
      : { hint: shellLineToPaste(['install', '-D', '-m', '644', '-t', own, join(examples, EXAMPLE)]) };
  return new BerthError('scanner-not-found', 'no scanner is declared', install);
}

function findFiles(paths: Paths): Map<string, string> {
  const found = new Map<string, string>();
  for (const directory of paths.scanners.toReversed()) {
    for (const entry of listDirectory(directory).filter((each) => /^[\w@+-][\w@+.-]*\.yaml$/.test(each))) {
      found.set(entry.slice(0, -'.yaml'.length), join(directory, entry));
    }
  }
  return new Map([...found].filter(([, file]) => !isMask(file)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isMask(file: string): boolean {
  try {
    return realpathSync(file) === '/dev/null';
  } catch (error) {
    throw fileSystemError(error, 'cannot read', file);
  }
}
