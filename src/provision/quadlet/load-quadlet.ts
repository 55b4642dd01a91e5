import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BerthError } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { parseUnitFile, type UnitEntry } from '../../systemd/unit-file.ts';
import { dropInNames } from '../../systemd/unit-files.ts';

/** One assignment of a Quadlet file, or of a drop-in of it. */
export interface QuadletEntry extends UnitEntry {
  file: string;
}

/** A `.container` file with its drop-ins, as Podman reads it (podman-systemd.unit(5)). */
export interface Quadlet {
  /** As it was named. */
  file: string;
  /** What stands before `.container`: the name of its service, unless it says another. */
  name: string;
  /** Of the file and then of its drop-ins. */
  entries: QuadletEntry[];
}

const MOST_BYTES = 1 << 20;
/** Nobody writes so many, and what each costs grows with those before it. */
const MOST_ENTRIES = 1000;

const INSTEAD: Record<string, string> = {
  volume: 'keep the files in a directory of the host: Volume=/srv/data:/data in the .container file',
  network: 'leave it out: services are on the network of the host',
  pod: 'import the .container files that belong to it: each is a service of its own',
  kube: 'write a service for each of its containers into host.yaml',
  image: 'write the image itself into Image= of the .container file',
  build: 'build the image, push it to a registry, and write its name into Image= of the .container file',
  artifact: 'put the files into a directory of the host, or into the image',
};

/** Throws `usage` for another kind of file, `unit-invalid` for a broken one, `io`. */
export function loadQuadlet(file: string): Quadlet {
  const [, name, kind = ''] = /^(.+)\.([a-z]+)$/.exec(basename(file)) ?? [];
  if (name === undefined || kind !== 'container') {
    throw new BerthError('usage', `cannot import: ${file}: not a .container file`, {
      hint: (Object.hasOwn(INSTEAD, kind) ? INSTEAD[kind] : undefined) ?? 'name a file NAME.container',
    });
  }
  const files = [file, ...dropIns(file)];
  const entries = files.flatMap(readEntries);
  if (entries.length <= MOST_ENTRIES) return { file, name, entries };
  throw new BerthError('unit-invalid', `cannot read: ${file}: more than ${MOST_ENTRIES} assignments`);
}

/** Of one file name, the drop-in that is more the file's own; sorted by file name. */
function dropIns(file: string): string[] {
  const found = new Map<string, string>();
  for (const name of dropInNames(basename(file))) {
    const directory = join(dirname(file), `${name}.d`);
    for (const entry of existsSync(directory) ? readdirSync(directory) : []) {
      if (entry.endsWith('.conf') && !found.has(entry)) found.set(entry, join(directory, entry));
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

function readEntries(file: string): QuadletEntry[] {
  return parseUnitFile(readText(file), file).entries.map((entry) => ({ ...entry, file }));
}

function readText(file: string): string {
  try {
    const stat = statSync(file);
    if (stat.isFile() && stat.size <= MOST_BYTES) return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileSystemError(error, 'cannot read', file);
  }
  throw new BerthError('unit-invalid', `cannot read: ${file}: not a file of at most ${MOST_BYTES >> 20} MiB`);
}
