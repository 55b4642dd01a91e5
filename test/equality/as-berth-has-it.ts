import type { Look, Tree } from './look.ts';

/**
 * A tree that another program unpacked, as berth means to have it: files that are equal in everything are
 * one file, as long as they are not empty. README.md says so, in "On disk".
 */
export function shareEqualFiles({ files, links }: Tree): Tree {
  const names = new Map(links.flatMap((linked) => linked.map((name) => [name, linked[0] ?? name])));
  const shared = new Map<string, string[]>();
  for (const [path, look] of files) {
    if (look.get('type') === 'directory') continue;
    const key = isShared(look) ? JSON.stringify([...look]) : (names.get(path) ?? path);
    shared.set(key, [...(shared.get(key) ?? []), path]);
  }
  return {
    files,
    links: [...shared.values()].filter((linked) => linked.length > 1).map((linked) => linked.sort()),
  };
}

function isShared(look: Look): boolean {
  return look.get('type') === 'file' && look.get('size') !== '0';
}
