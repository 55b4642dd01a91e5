import type { Look, Tree } from './look.ts';

/** One thing that two trees do not have in common. */
export interface Difference {
  path: string;
  /** `presence`, `links`, or what differs of a file: `mode`, `content`, `xattr user.x` … */
  what: string;
  first: string | undefined;
  second: string | undefined;
}

/** What differs between two trees, in the order of the paths. */
export function compareTrees(first: Tree, second: Tree): Difference[] {
  const paths = [...new Set([...first.files.keys(), ...second.files.keys()])].sort();
  return [
    ...paths.flatMap((path) => compareFiles(path, first.files.get(path), second.files.get(path))),
    ...compareLinks(first, second),
  ];
}

function compareFiles(path: string, first: Look | undefined, second: Look | undefined): Difference[] {
  if (first === undefined || second === undefined) {
    return [{ path, what: 'presence', first: first?.get('type'), second: second?.get('type') }];
  }
  return [...new Set([...first.keys(), ...second.keys()])]
    .filter((what) => first.get(what) !== second.get(what))
    .map((what) => ({ path, what, first: first.get(what), second: second.get(what) }));
}

// By the path that comes first, for each inode with several.
function compareLinks(first: Tree, second: Tree): Difference[] {
  const [one, other] = [linksByPath(first), linksByPath(second)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .sort()
    .filter((path) => one.get(path) !== other.get(path))
    .map((path) => ({ path, what: 'links', first: one.get(path), second: other.get(path) }));
}

function linksByPath({ links }: Tree): Map<string, string> {
  return new Map(links.map((names) => [names[0] ?? '', names.slice(1).join(', ')]));
}
