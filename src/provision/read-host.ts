import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BerthError } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { Paths } from '../paths.ts';
import type { DeclaredService } from './declared-service.ts';
import { findMatches } from './host-file/find-matches.ts';
import { FileLoader } from './host-file/load-files.ts';
import { Mistakes } from './host-file/mistakes.ts';
import { readServices } from './host-file/read-services.ts';

/**
 * Where services are declared: a file, all *.yaml of a directory, text of no file, which messages call
 * `file`, or the host's own files.
 */
export type HostSource = { path: string } | { text: Uint8Array; file?: string } | 'host';

/** What a host should have. */
export interface DeclaredHost {
  /** In the order in which they are declared. */
  services: DeclaredService[];
  /** All that was read, without symlinks, in that order; none for text of no file. */
  files: string[];
  /** Where `berth lock` keeps the digests of its images; undefined for text of no file. */
  lockFile: string | undefined;
  /** Includes that no file matches: what they were to declare may be what is not declared. */
  doubts: Mistakes;
}

export interface ReadHostOptions {
  /** What ${VAR} may read. */
  env: NodeJS.ProcessEnv;
  paths: Paths;
}

const STANDARD_INPUT = 'standard input';

/**
 * Reads and checks what is declared; nothing of it is looked up. Throws `host-invalid`, which lists all mistakes
 * with file, line and column, or says that nothing is declared; and `io`.
 */
export async function readHost(source: HostSource, { env, paths }: ReadHostOptions): Promise<DeclaredHost> {
  const mistakes = new Mistakes();
  const loader = new FileLoader(env, mistakes);
  let lockFile: string | undefined;
  if (source === 'host') {
    for (const file of hostFiles(paths)) loader.addFile(file);
    lockFile = paths.hostFile('host.lock');
  } else if ('text' in source) {
    loader.addText(source.text, source.file ?? STANDARD_INPUT);
  } else {
    const { path } = source;
    const isDirectory = isDirectoryAt(path);
    for (const file of isDirectory ? filesIn(path) : [path]) loader.addFile(file);
    lockFile = isDirectory ? join(path, 'host.lock') : `${path.replace(/\.ya?ml$/, '')}.lock`;
  }
  const { tree, files, doubts } = loader;
  const services = tree === undefined ? [] : readServices(tree, mistakes);
  mistakes.throwAny();
  return { services, files, lockFile, doubts };
}

/** host.yaml, and then those in host.d. */
function hostFiles(paths: Paths): string[] {
  const main = paths.hostFile('host.yaml');
  const others = findMatches(paths.hostFile('host.d'), '*.yaml');
  const files = [
    ...(existsSync(main) ? [main] : []),
    ...others.map((path) => paths.hostFile(`host.d/${basename(path)}`)),
  ];
  if (files.length > 0) return files;
  throw new BerthError('host-invalid', `nothing is declared: ${main}: no such file`, {
    hint: 'write it, or name another file with -f FILE',
  });
}

function filesIn(directory: string): string[] {
  const files = findMatches(directory, '*.yaml');
  if (files.length > 0) return files;
  throw new BerthError('host-invalid', `nothing is declared: ${directory}: no *.yaml in it`, {
    hint: 'name the file itself with -f FILE',
  });
}

function isDirectoryAt(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileSystemError(error, 'cannot read', path);
  }
}
