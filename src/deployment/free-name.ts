import { lstatSync } from 'node:fs';
import type { Paths } from '../paths.ts';

/** The name itself, or with a number behind it where an earlier copy has the name already. */
export function freeName(path: string, paths: Paths): string {
  const isTaken = (at: string) => lstatSync(paths.locate(at), { throwIfNoEntry: false }) !== undefined;
  let name = path;
  for (let number = 1; isTaken(name); number += 1) name = `${path}.${number}`;
  return name;
}
