import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileSystemError } from '../../linux/file-system.ts';

/** What is there below a directory by this path, sorted by name: "*" stands for any letters within one name, but no "." before it. Throws `io`. */
export function findMatches(directory: string, pattern: string): string[] {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  try {
    return names.reduce((places, name) => places.flatMap((place) => matchesIn(place, name)), [directory]);
  } catch (error) {
    throw fileSystemError(error, 'cannot read', directory);
  }
}

function matchesIn(directory: string, name: string): string[] {
  const isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory) return [];
  // What a pattern names is there: a symlink that leads nowhere is for the reader to complain of.
  if (name.includes('*')) return namesIn(directory, name);
  const path = join(directory, name);
  return existsSync(path) ? [path] : [];
}

function namesIn(directory: string, pattern: string): string[] {
  return readdirSync(directory)
    .filter((name) => matches(name, pattern))
    .sort()
    .map((name) => join(directory, name));
}

function matches(name: string, pattern: string): boolean {
  const [head = '', ...parts] = pattern.split('*');
  const tail = parts.pop() ?? '';
  if (!name.startsWith(head) || (head === '' && name.startsWith('.'))) return false;
  let end = head.length;
  for (const part of parts) {
    const found = name.indexOf(part, end);
    if (found === -1) return false;
    end = found + part.length;
  }
  return name.endsWith(tail) && end + tail.length <= name.length;
}
